/* SPDX-License-Identifier: GPL-2.0 */
/* Hands out the bytes of a DNS port. */
#pragma once

#include "dns.h"

extern struct dns_events_map dns_events SEC(".maps");
extern struct flow_losses_map flow_losses SEC(".maps");

/* 5.10 reserves only what is known when the program is loaded, and copies only from memory that another packet may be using. */
static __always_inline void dns_emit_in(struct __sk_buff *skb, const struct dns_record *head, __u32 from, __u32 room)
{
	struct dns_record *record = bpf_ringbuf_reserve(&dns_events, sizeof(*record) + room, 0);

	if (!record) {
		count_loss_in(&flow_losses, LOSS_DNS_RING_FULL, head->length);
		return;
	}
	*record = *head;
	if (head->captured && bpf_skb_load_bytes(skb, from, record + 1, bounded(head->captured, room))) {
		bpf_ringbuf_discard(record, 0);
		count_loss_in(&flow_losses, LOSS_DNS_UNREADABLE, head->length);
		return;
	}
	bpf_ringbuf_submit(record, ring_wake_flag(&dns_events));
}

/* Hands out count bytes of the packet, or as many as the largest record holds; length and captured tell. */
static __always_inline void dns_emit(struct __sk_buff *skb, struct dns_record *head, __u32 from, __u32 count)
{
	head->length = count;
	head->captured = count < DNS_LARGE ? count : DNS_LARGE;
	if (count <= DNS_SMALL)
		dns_emit_in(skb, head, from, DNS_SMALL);
	else if (count <= DNS_MEDIUM)
		dns_emit_in(skb, head, from, DNS_MEDIUM);
	else
		dns_emit_in(skb, head, from, DNS_LARGE);
}
