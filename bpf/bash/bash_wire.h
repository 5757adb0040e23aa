/* SPDX-License-Identifier: GPL-2.0 */
/* What the bash object tells user space and is told by it. Mirrored by src/Probes/Bash/BashRecords.cs; a test compares both through BTF. */
#pragma once

#include <linux/types.h>

#define SHORT_TEXT 256
#define LONG_TEXT 4104 /* 4096 bytes, one more that tells whether the line was cut, and the final NUL */

/* Why something is not in the numbers. User space names each one. */
enum bash_loss {
	LOSS_LINE_RING_FULL,
	LOSS_LINE_UNREADABLE, /* the line's memory was not there: swapped out */
	LOSS_EXEC_RING_FULL,  /* programs that started and are found by the next scan */
	LOSS_COUNT,
};

/* Which file a program is, as the kernel keeps it: the same at exec, in the walk over tasks and when a line is typed. Not always what
 * stat(2) says: overlay and btrfs show other devices there. */
struct bash_file {
	__u64 ino;
	__u64 size;
	__u32 dev;
	__u32 generation; /* an inode number is used again */
};
_Static_assert(sizeof(struct bash_file) == 24, "bash_file is a wire format");

/* Where a process looks its user up: no other place is the same as long as somebody is there. */
struct bash_place {
	__u64 root_ino; /* its root directory */
	__u32 root_dev;
	__u32 mounts; /* its mount namespace, by the number of /proc/PID/ns/mnt */
	__u32 users;  /* its user namespace, by that of /proc/PID/ns/user */
	__u32 pad;
};
_Static_assert(sizeof(struct bash_place) == 24, "bash_place is a wire format");

/* A process and its program: at exec, if the program is not known, and for every process in a scan by iter/task. */
struct bash_process {
	struct bash_file file;
	struct bash_place place;
	__u32 tgid; /* in the initial pid namespace */
	__u32 pad;
};
_Static_assert(sizeof(struct bash_process) == 56, "bash_process is a wire format");

/* What user space says about a program that is bash. */
struct bash_shell {
	__u32 owner;    /* the attached file whose probes speak for it; 0: ask bash_owners for the process */
	__u32 tell_all; /* tell every exec, not only the first: which library it loads is the process's matter */
};
_Static_assert(sizeof(struct bash_shell) == 8, "bash_shell is a wire format");

struct bash_line {
	__u64 time_ns; /* CLOCK_MONOTONIC */
	struct bash_file file;
	struct bash_place place;
	__u32 tgid;   /* in the initial pid namespace */
	__u32 uid;    /* in the initial user namespace */
	__u32 length; /* without the NUL */
	__u32 owner;  /* the attached file whose probe told it; 0: its probe has no attach cookie */
	__u32 is_known; /* 0: the kernel side does not know whether this is a shell, or whose probe speaks for it; user space is to decide */
	__u32 pad;
};
_Static_assert(sizeof(struct bash_line) == 80, "bash_line is a wire format");

/* User space tells the records apart by their sizes. */
struct bash_short_line {
	struct bash_line line;
	char text[SHORT_TEXT];
};
_Static_assert(sizeof(struct bash_short_line) == 336, "bash_short_line is a wire format");

struct bash_long_line {
	struct bash_line line;
	char text[LONG_TEXT];
};
_Static_assert(sizeof(struct bash_long_line) == 4184, "bash_long_line is a wire format");
