/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the net object share: tables, owners, losses. */
#pragma once

#include "../common/kernel.h"
#include "../common/ring.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "flow_wire.h"

#define DEFAULT_FLOWS 65536 /* user space resizes before loading */
#define MAX_LISTENERS 16384
#define SWEPT_RING_BYTES (1024 * 1024) /* 8,192 flows */

struct owner {
	__u32 tgid;
	__u8 rank;
	__u8 pad[3];
	char comm[16];
};

/* One tracked TCP socket. */
struct tcp_conn {
	__u64 id;
	__u64 base_tx; /* what the socket had sent and received before it was tracked */
	__u64 base_rx;
	__u64 swept_sequence; /* the socket's own counters when a sweep last wrote it out */
	__u64 swept_received;
	__u32 base_retransmits;
	__u32 swept_retransmits;
	__u8 saddr[16];
	__u8 daddr[16];
	__u8 nat_addr[16]; /* where its SYN went, if that was elsewhere */
	__u16 nat_port;
	__u16 sport;
	__u16 dport;
	__u32 netns;
	__u8 direction;
	__u8 established;
	__u8 reported;
	__u8 adopted; /* older than the agent */
	__u16 http_asked; /* requests that waited for their answer, and answers to them, each written from one place only: before 5.11, and of TLS */
	__u16 http_told;
	__u32 swept_in; /* the sweep that last wrote it out or found it unchanged */
	struct owner owner;
};

struct listener_key {
	__u32 netns;
	__u16 port;
	__u16 pad;
};

/* This host's end of a flow and the other one. Ports in host order. */
struct flow_ends {
	__u8 laddr[16];
	__u8 raddr[16];
	__u16 lport;
	__u16 rport;
};

/* The ends as packets show them. An unconnected socket may send to an address, and to another one that is translated to it. */
struct udp_key {
	__u64 sk;
	struct flow_ends ends;
	__u32 leaves_translated;
};

/* What one UDP socket exchanged with one peer. */
struct udp_flow {
	__u64 id;
	__u64 tx_bytes;
	__u64 rx_bytes;
	__u64 reported_tx;
	__u64 reported_rx;
	__u64 changed_ns;            /* the sweep that last saw a change */
	struct flow_ends before_nat; /* the ends as the socket knows them, if translated */
	__u32 netns;
	__u8 direction;
	__u8 reported;
	__u8 translated; /* on the way out, in the socket's own network namespace */
	__u8 pad;
	__u32 swept_in; /* the sweep that last wrote it out or found it unchanged */
	struct owner owner;
};

/* Who owns a UDP socket, and its first flow, so that closing the socket ends that flow at once. */
struct udp_sock_info {
	struct owner owner;
	struct udp_key first;
	__u64 adopted_ns; /* 0 for one that is not older than the agent */
};

/* Keyed by the socket's address, which every hook on every kernel has (socket cookies cannot be made in tracing programs
 * before 5.12, socket storage cannot be used there before 5.11). The size is the limit of tracked connections. */
struct tcp_conns_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, DEFAULT_FLOWS);
	__type(key, __u64);
	__type(value, struct tcp_conn);
};

struct listeners_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_LISTENERS);
	__type(key, struct listener_key);
	__type(value, struct owner);
};

struct udp_flows_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, DEFAULT_FLOWS);
	__type(key, struct udp_key);
	__type(value, struct udp_flow);
};

struct udp_socks_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, DEFAULT_FLOWS);
	__type(key, __u64);
	__type(value, struct udp_sock_info);
};

struct flow_events_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES);
};

/* What a sweep writes that is no iterator. Of its own: user space empties it before the sweep goes on, while the closings of
 * connections stay in theirs until the sweep is over. */
struct flow_swept_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, SWEPT_RING_BYTES);
};

struct flow_control_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct flow_control);
};

/* Tracked connections whose owner is a guess. Apart from what user space writes, which would overwrite a change at the same time. */
struct flow_unsure_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __s64);
};

struct flow_losses_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LOSS_COUNT);
	__type(key, __u32);
	__type(value, struct flow_loss_count);
};

static __always_inline struct flow_control *control_in(void *map)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(map, &zero);
}

static __always_inline void count_unsure_in(void *map, int change)
{
	__u32 zero = 0;
	__s64 *unsure = bpf_map_lookup_elem(map, &zero);

	if (unsure)
		__sync_fetch_and_add(unsure, change);
}

static __always_inline void count_loss_in(void *losses, __u32 reason, __u64 bytes)
{
	struct flow_loss_count *count = bpf_map_lookup_elem(losses, &reason);

	if (!count)
		return;
	/* Atomic, since a thread may be put aside for another one on its CPU. */
	__sync_fetch_and_add(&count->records, 1);
	if (bytes)
		__sync_fetch_and_add(&count->bytes, bytes);
}

/* Time with the CPU in the low bits: two flows cannot be born on one CPU in one nanosecond. */
static __always_inline __u64 new_flow_id(void)
{
	return bpf_ktime_get_ns() << 10 | (bpf_get_smp_processor_id() & 1023);
}

/* A socket's address as a number, from a pointer that the verifier does not let become one. */
static __always_inline __u64 address_of(const void *pointer)
{
	const void *spilled = pointer;
	__u64 address = 0;

	bpf_probe_read_kernel(&address, sizeof(address), &spilled);
	return address;
}

/* A helper that came with 5.11, and with it a verifier that knows what this version allows. */
enum bpf_func_id___since_5_11 {
	BPF_FUNC_sock_from_file___since_5_11 = 162,
};

static __always_inline int is_since_5_11(void)
{
	return bpf_core_enum_value_exists(enum bpf_func_id___since_5_11, BPF_FUNC_sock_from_file___since_5_11);
}

static __always_inline void set_owner(struct owner *owner, struct task_struct *task, __u8 rank)
{
	struct task_struct *leader;

	owner->tgid = BPF_CORE_READ(task, tgid);
	owner->rank = rank;
	/* A thread's own name is not the process's. */
	leader = BPF_CORE_READ(task, group_leader);
	bpf_probe_read_kernel(&owner->comm, sizeof(owner->comm), &leader->comm);
}

static __always_inline void set_owner_current(struct owner *owner, __u8 rank)
{
	set_owner(owner, (struct task_struct *)bpf_get_current_task(), rank);
}

static __always_inline __u32 netns_of(struct sock *sk)
{
	return BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
}

static __always_inline void map_ipv4(__u8 out[16], __be32 address)
{
	__builtin_memset(out, 0, 10);
	out[10] = 0xff;
	out[11] = 0xff;
	__builtin_memcpy(out + 12, &address, 4);
}

/* A count from 1 to most, a power of two, in a form in which the verifier sees it: the compiler drops a mask that it can prove. */
static __always_inline __u32 bounded(__u32 count, __u32 most)
{
	__u64 less = count - 1;

	asm volatile("%0 &= %1" : "+r"(less) : "i"(most - 1));
	return less + 1;
}

static __always_inline int same_remote(const struct flow_ends *one, const struct flow_ends *other)
{
	__u64 here[2], there[2];

	__builtin_memcpy(here, one->raddr, 16);
	__builtin_memcpy(there, other->raddr, 16);
	return one->rport == other->rport && here[0] == there[0] && here[1] == there[1];
}

static __always_inline void fill_udp_event(struct flow_event *event, const struct udp_key *key, const struct udp_flow *flow)
{
	const struct flow_ends *ends = flow->translated ? &flow->before_nat : &key->ends;

	__builtin_memset(event, 0, sizeof(*event));
	event->id = flow->id;
	event->tx_bytes = flow->tx_bytes;
	event->rx_bytes = flow->rx_bytes;
	__builtin_memcpy(event->saddr, ends->laddr, 16);
	__builtin_memcpy(event->daddr, ends->raddr, 16);
	event->sport = ends->lport;
	event->dport = ends->rport;
	if (flow->translated && !same_remote(ends, &key->ends)) {
		__builtin_memcpy(event->nat_addr, key->ends.raddr, 16);
		event->nat_port = key->ends.rport;
	}
	event->netns = flow->netns;
	event->transport = IPPROTO_UDP;
	event->direction = flow->direction;
	event->tgid = flow->owner.tgid;
	event->owner_rank = flow->owner.rank;
	__builtin_memcpy(event->comm, flow->owner.comm, sizeof(event->comm));
}
