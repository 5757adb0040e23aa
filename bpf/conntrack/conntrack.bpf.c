// SPDX-License-Identifier: GPL-2.0
/*
 * Which connections the kernel translates, from the two places where it enters and deletes them. Both run before the packet
 * goes on. Each has a form for kernels whose BTF knows the function and one for the rest; user space loads one of them.
 */
#include "../common/conntrack.h"
#include "../common/ring.h"
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "nat_wire.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES); /* user space resizes before loading */
} nat_events SEC(".maps");

/* Events that found no room. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} nat_losses SEC(".maps");

/* Puts the wire type into the object's BTF, where the layout test reads it. */
const struct nat_event *wire_nat_event;

static __always_inline void count_loss(void)
{
	__u32 zero = 0;
	__u64 *count = bpf_map_lookup_elem(&nat_losses, &zero);

	if (count)
		__sync_fetch_and_add(count, 1); /* a thread may be put aside for another one on its CPU */
}

static __always_inline void fill(struct nat_event *event, struct nf_conn *ct, __u8 news)
{
	__u16 family = BPF_CORE_READ(ct, tuplehash[0].tuple.src.l3num);
	__u32 address[4];

	event->at_ns = bpf_ktime_get_ns();
	BPF_CORE_READ_INTO(&address, ct, tuplehash[0].tuple.src.u3.all);
	map_address(event->saddr, address, family);
	BPF_CORE_READ_INTO(&address, ct, tuplehash[0].tuple.dst.u3.all);
	map_address(event->daddr, address, family);
	/* Where the replies come from is where the connection goes. */
	BPF_CORE_READ_INTO(&address, ct, tuplehash[1].tuple.src.u3.all);
	map_address(event->target, address, family);
	event->netns = BPF_CORE_READ(ct, ct_net.net, ns.inum);
	event->sport = bpf_ntohs(BPF_CORE_READ(ct, tuplehash[0].tuple.src.u.all));
	event->dport = bpf_ntohs(BPF_CORE_READ(ct, tuplehash[0].tuple.dst.u.all));
	event->target_port = bpf_ntohs(BPF_CORE_READ(ct, tuplehash[1].tuple.src.u.all));
	event->news = news;
	__builtin_memset(event->pad, 0, sizeof(event->pad));
}

static __always_inline int tell(struct nf_conn *ct, __u8 news)
{
	unsigned long status = BPF_CORE_READ(ct, status);
	struct nat_event *event;
	__u8 transport;

	if (!(status & IPS_DST_NAT))
		return 0;
	transport = BPF_CORE_READ(ct, tuplehash[0].tuple.dst.protonum);
	if (transport != IPPROTO_TCP && transport != IPPROTO_UDP)
		return 0;
	/* A second deletion could end a later connection with the same addresses. */
	if (news == NAT_GONE && status & IPS_DYING)
		return 0;
	event = bpf_ringbuf_reserve(&nat_events, sizeof(*event), 0);
	if (!event) {
		count_loss();
		return 0;
	}
	fill(event, ct, news);
	event->transport = transport;
	/* Nobody waits for a single event: who asks for a connection looks into the ring first. */
	bpf_ringbuf_submit(event, ring_wake_flag(&nat_events));
	return 0;
}

SEC("fentry/__nf_conntrack_hash_insert")
int BPF_PROG(nat_on_insert, struct nf_conn *ct)
{
	return tell(ct, NAT_KNOWN);
}

SEC("fentry/nf_ct_delete")
int BPF_PROG(nat_on_delete, struct nf_conn *ct)
{
	return tell(ct, NAT_GONE);
}

SEC("kprobe/__nf_conntrack_hash_insert")
int BPF_KPROBE(nat_on_insert_k, struct nf_conn *ct)
{
	return tell(ct, NAT_KNOWN);
}

SEC("kprobe/nf_ct_delete")
int BPF_KPROBE(nat_on_delete_k, struct nf_conn *ct)
{
	return tell(ct, NAT_GONE);
}

char LICENSE[] SEC("license") = "GPL";
