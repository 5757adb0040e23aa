/* SPDX-License-Identifier: GPL-2.0 */
/* Rings whose reader looks into them by itself from time to time, so that it is hardly ever woken. */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define RING_BYTES (4 * 1024 * 1024)
#define RING_WAKE_STEP (64 * 1024) /* so often a reader that does not come is woken again */
#define RING_WAKE_NEAR 512

/* Asked for between reserving a record and submitting it. A wake-up costs more than many records: none before a quarter of the ring
 * is full. A reader that was woken and waits for a CPU must not be woken with every record either: each time costs an interrupt. So
 * only a record that begins a step of the ring wakes; should several CPUs race past the mark, the next step does. */
static __always_inline __u64 ring_wake_flag(void *ring)
{
	if ((bpf_ringbuf_query(ring, BPF_RB_PROD_POS) & (RING_WAKE_STEP - 1)) >= RING_WAKE_NEAR)
		return BPF_RB_NO_WAKEUP;
	if (bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) < bpf_ringbuf_query(ring, BPF_RB_RING_SIZE) / 4)
		return BPF_RB_NO_WAKEUP;
	return BPF_RB_FORCE_WAKEUP;
}
