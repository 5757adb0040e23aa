/* SPDX-License-Identifier: GPL-2.0 */
/* What user space is told of a process, which may be gone when it asks. */
#pragma once

#include "../common/kernel.h"
#include <bpf/bpf_core_read.h>

#include "bash_wire.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct dentry {
	struct inode *d_inode;
};

struct path {
	struct dentry *dentry;
};

struct fs_struct {
	struct path root;
};

struct mnt_namespace {
	struct ns_common ns;
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
};

struct user_namespace {
	struct ns_common ns;
};

struct cred {
	struct user_namespace *user_ns;
};

struct task_struct___place {
	struct nsproxy *nsproxy;
	struct fs_struct *fs;
	const struct cred *cred;
};

#pragma clang attribute pop

/* A process that is exiting has parts of it no more: those are 0. */
static __always_inline void read_place(struct bash_place *place, const void *of)
{
	const struct task_struct___place *task = of;
	struct inode *root = BPF_CORE_READ(task, fs, root.dentry, d_inode);

	place->root_ino = BPF_CORE_READ(root, i_ino);
	place->root_dev = BPF_CORE_READ(root, i_sb, s_dev);
	place->mounts = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
	place->users = BPF_CORE_READ(task, cred, user_ns, ns.inum);
	place->pad = 0;
}

static __noinline int read_process(struct bash_process *process, struct task_struct *task)
{
	struct bash_file *file = &process->file;
	struct inode *inode = BPF_CORE_READ(task, mm, exe_file, f_inode);

	if (!inode)
		return -1;
	file->ino = BPF_CORE_READ(inode, i_ino);
	file->size = BPF_CORE_READ(inode, i_size);
	file->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	file->generation = BPF_CORE_READ(inode, i_generation);
	read_place(&process->place, task);
	process->tgid = BPF_CORE_READ(task, tgid);
	process->pad = 0;
	return 0;
}
