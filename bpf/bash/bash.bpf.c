// SPDX-License-Identifier: GPL-2.0
/*
 * What is typed into bash: the value that readline() returns, in whatever file that function is. A probe on a file hits
 * every program that maps it (python, gdb), so each hit is checked against the programs that user space knows as bash.
 * Which programs there are, execs and a walk over all tasks tell; of a program that neither has told of, user space gets the
 * line, looks whether it is bash, and drops the line if not.
 */
#include "../common/kernel.h"
#include <linux/ptrace.h>
#include <linux/bpf_perf_event.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "../common/preempt.h"
#include "bash_process.h"
#include "bash_wire.h"

#define RING_BYTES (1024 * 1024)
#define MAX_SHELLS 1024
#define MAX_OTHERS 8192
#define MAX_OWNED_PROCESSES 16384

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES);
} bash_events SEC(".maps");

/* Preallocated: programs of perf events may use no other before 6.1. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_SHELLS);
	__type(key, struct bash_file);
	__type(value, struct bash_shell);
} bash_shells SEC(".maps");

/* Programs that are known not to be bash: neither their execs nor their lines are worth telling. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_OTHERS);
	__type(key, struct bash_file);
	__type(value, __u32);
} bash_others SEC(".maps");

/* By tgid: the attached library of a bash that is linked to readline dynamically. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_OWNED_PROCESSES);
	__type(key, __u32);
	__type(value, __u32);
} bash_owners SEC(".maps");

/* By thread: the breakpoint has told this line, and the probe at the same place may be still to come by. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_SHELLS);
	__type(key, __u32);
	__type(value, __u32);
} bash_told SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LOSS_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} bash_losses SEC(".maps");

/* This and some functions elsewhere are no inline functions so that their types are in the object's BTF. */
static __noinline void count_loss(enum bash_loss reason)
{
	__u32 key = reason;
	__u64 *count = bpf_map_lookup_elem(&bash_losses, &key);

	/* Atomic, since programs of execs and of uprobes may come between each other. */
	if (count)
		__sync_fetch_and_add(count, 1);
}

/* Whether a probe tells a line of a program. */
enum verdict {
	VERDICT_SILENT,
	VERDICT_TELL,
	VERDICT_ASK, /* tell it, and let user space decide */
};

/* The attached file whose probe this is. 0: the probe has no cookie, because it has no BPF link or the kernel is older than 5.15; then
 * no other probe is on the same file. */
static __always_inline __u32 owner_of_probe(struct pt_regs *ctx)
{
	if (!bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_attach_cookie))
		return 0;
	return bpf_get_attach_cookie(ctx);
}

/* A file that is seen through several mounts (overlays of one image) may carry several probes: one of them speaks. */
static __always_inline enum verdict judge(const struct bash_process *process, __u32 owner)
{
	const struct bash_shell *shell = bpf_map_lookup_elem(&bash_shells, &process->file);
	__u32 *of_process;

	if (!shell)
		return bpf_map_lookup_elem(&bash_others, &process->file) ? VERDICT_SILENT : VERDICT_ASK;
	if (!owner)
		return VERDICT_TELL;
	if (shell->owner)
		return shell->owner == owner ? VERDICT_TELL : VERDICT_SILENT;
	of_process = bpf_map_lookup_elem(&bash_owners, &process->tgid);
	if (!of_process)
		return VERDICT_ASK;
	return *of_process == owner ? VERDICT_TELL : VERDICT_SILENT;
}

/* What is told of a line beside its text. */
struct line_facts {
	struct bash_process process;
	__u32 owner;
	__u32 is_known;
};

static __always_inline void fill_line(struct bash_line *line, const struct line_facts *facts, __u32 length)
{
	line->time_ns = bpf_ktime_get_ns();
	line->file = facts->process.file;
	line->place = facts->process.place;
	line->tgid = facts->process.tgid;
	line->uid = (__u32)bpf_get_current_uid_gid();
	line->length = length - 1;
	line->owner = facts->owner;
	line->is_known = facts->is_known;
	line->pad = 0;
}

static __noinline long fill_short_line(struct bash_short_line *event, const struct line_facts *facts, const char *text)
{
	long length = bpf_probe_read_user_str(event->text, sizeof(event->text), text);

	fill_line(&event->line, facts, length);
	return length;
}

static __noinline long fill_long_line(struct bash_long_line *event, const struct line_facts *facts, const char *text)
{
	long length = bpf_probe_read_user_str(event->text, sizeof(event->text), text);

	fill_line(&event->line, facts, length);
	return length;
}

static __always_inline void tell_long_line(const struct line_facts *facts, const char *text)
{
	struct bash_long_line *event = bpf_ringbuf_reserve(&bash_events, sizeof(*event), 0);

	if (!event) {
		count_loss(LOSS_LINE_RING_FULL);
		return;
	}
	if (fill_long_line(event, facts, text) > 0) {
		bpf_ringbuf_submit(event, 0);
		return;
	}
	count_loss(LOSS_LINE_UNREADABLE);
	bpf_ringbuf_discard(event, 0);
}

static __always_inline int tell_line(const struct line_facts *facts, const char *text)
{
	struct bash_short_line *event;
	long length;

	event = bpf_ringbuf_reserve(&bash_events, sizeof(*event), 0);
	if (!event) {
		count_loss(LOSS_LINE_RING_FULL);
		return 0;
	}
	length = fill_short_line(event, facts, text);
	if (length > 1 && length < SHORT_TEXT) {
		bpf_ringbuf_submit(event, 0);
		return 0;
	}
	/* With a wake-up: the kernel wakes for a record only if the reader has taken all before it, discarded ones too. */
	bpf_ringbuf_discard(event, 0);
	if (length == SHORT_TEXT)
		tell_long_line(facts, text);
	else if (length < 0)
		count_loss(LOSS_LINE_UNREADABLE);
	return 0;
}

static __always_inline int take_told(void)
{
	__u32 thread = bpf_get_current_pid_tgid();

	return bpf_map_delete_elem(&bash_told, &thread) == 0;
}

static __always_inline void note_told(void)
{
	__u32 thread = bpf_get_current_pid_tgid();
	__u32 value = 1;

	bpf_map_update_elem(&bash_told, &thread, &value, BPF_ANY);
}

static __always_inline int is_told(void)
{
	__u32 thread = bpf_get_current_pid_tgid();

	return bpf_map_lookup_elem(&bash_told, &thread) != NULL;
}

/* Of the probes at one place only the one that speaks takes a breakpoint's mark away; as long as none is known to speak, the
 * breakpoint does, and its mark stays for all of them. */
static __always_inline void tell_return(struct pt_regs *ctx, const char *text)
{
	struct line_facts facts;
	enum verdict verdict;

	if (read_process(&facts.process, (struct task_struct *)bpf_get_current_task()))
		return;
	facts.owner = owner_of_probe(ctx);
	verdict = judge(&facts.process, facts.owner);
	if (verdict == VERDICT_SILENT || (verdict == VERDICT_TELL ? take_told() : is_told()))
		return;
	facts.is_known = verdict == VERDICT_TELL;
	tell_line(&facts, text);
}

/* Attached where readline() returns. */
SEC("uprobe")
int bash_on_line(struct pt_regs *ctx)
{
	const char *text = (const char *)PT_REGS_RC(ctx);

	if (!text)
		return 0;
	hold_cpu();
	tell_return(ctx, text);
	release_cpu();
	return 0;
}

/* The probe speaks for this process: for its program, or for the library that it loaded. */
static __always_inline int has_probe(struct bash_process *process)
{
	struct bash_shell *shell = bpf_map_lookup_elem(&bash_shells, &process->file);

	return shell && (shell->owner || bpf_map_lookup_elem(&bash_owners, &process->tgid));
}

/* A breakpoint at the same place, in a process that began before its file had a probe. The probe takes long to attach; it speaks
 * from the moment on in which user space says so, and until then this does. A return meets first this and then the probe, and at that
 * moment both would speak: the thread waits in between while the kernel puts the probe into its memory. */
SEC("perf_event")
int bash_on_break(struct bpf_perf_event_data *ctx)
{
	const char *text = (const char *)ctx->regs.rax;
	struct line_facts facts;

	if (!text || read_process(&facts.process, (struct task_struct *)bpf_get_current_task()))
		return 0;
	if (has_probe(&facts.process)) {
		take_told();
		return 0;
	}
	note_told();
	facts.owner = 0;
	facts.is_known = 1;
	return tell_line(&facts, text);
}

static __always_inline int tell_exec(struct task_struct *task)
{
	struct bash_process process;
	struct bash_process *event;
	struct bash_shell *shell;

	if (read_process(&process, task))
		return 0;
	shell = bpf_map_lookup_elem(&bash_shells, &process.file);
	if (shell ? !shell->tell_all : !!bpf_map_lookup_elem(&bash_others, &process.file))
		return 0;
	event = bpf_ringbuf_reserve(&bash_events, sizeof(*event), 0);
	if (!event) {
		count_loss(LOSS_EXEC_RING_FULL);
		return 0;
	}
	*event = process;
	bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(bash_on_exec, struct task_struct *task)
{
	return tell_exec(task);
}

/* The same where the kernel has no BTF of the tracepoint, or refuses programs of that type. */
SEC("raw_tp/sched_process_exec")
int bash_on_exec_raw(struct bpf_raw_tracepoint_args *ctx)
{
	return tell_exec((struct task_struct *)ctx->args[0]);
}

SEC("iter/task")
int bash_scan(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct bash_process process;

	if (!task || task->pid != task->tgid || read_process(&process, task))
		return 0;
	bpf_seq_write(ctx->meta->seq, &process, sizeof(process));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
