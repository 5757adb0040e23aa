/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For programs of uprobes, which the kernel may preempt, to run another one on the same CPU. From Linux 6.13 on the JIT gives a program
 * whose frame is 64 bytes or more a stack for each CPU, which the kernel's guards against recursion protect, and uprobes have no
 * such guard: the program that comes second writes over what the first one keeps there. The same is true of per-CPU maps.
 */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* Linux 6.10. Where the kernel has none they are not called: the verifier sees a constant 0 and removes the call. */
extern void bpf_preempt_disable(void) __ksym __weak;
extern void bpf_preempt_enable(void) __ksym __weak;

static __always_inline void hold_cpu(void)
{
	if (bpf_preempt_disable)
		bpf_preempt_disable();
}

/* On every way out of the program. */
static __always_inline void release_cpu(void)
{
	if (bpf_preempt_enable)
		bpf_preempt_enable();
}
