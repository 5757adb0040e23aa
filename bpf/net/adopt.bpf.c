// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets that are older than the agent, and owners that no hook has told: a walk over the open files of every process.
 * It runs at start (once for the listeners, then for the rest, whose direction depends on them) and again in a sweep that
 * found connections without a sure owner. It writes nothing to its reader.
 */
#include "mptcp.h"
#include "tcp.h"

extern struct tcp_conns_map tcp_conns SEC(".maps");
extern struct listeners_map listeners SEC(".maps");
extern struct udp_socks_map udp_socks SEC(".maps");
extern struct flow_losses_map flow_losses SEC(".maps");
extern struct flow_control_map flow_control SEC(".maps");
extern struct flow_unsure_map flow_unsure SEC(".maps");

/* Puts the wire type into the object's BTF, where the layout test reads it. */
const struct adopt_request *wire_adopt_request;

static __always_inline void adopt_listener(struct sock *sk, const struct owner *holder)
{
	struct listener_key key = {.netns = netns_of(sk), .port = BPF_CORE_READ(sk, __sk_common.skc_num)};
	struct owner owner = *holder;

	owner.rank = OWNER_LISTENER;
	/* The first holder found is the oldest process, as a rule the one that called listen(). */
	bpf_map_update_elem(&listeners, &key, &owner, BPF_NOEXIST);
}

static __always_inline int is_connection(int state)
{
	return state != TCP_LISTEN && state != TCP_CLOSE && state != TCP_SYN_SENT && state != TCP_SYN_RECV;
}

/*
 * Who opened a connection whose listener has gone: one that connected has its SYN among the numbers it sent, beside the payload. Where
 * bytes_sent counted more than that (see sequence_sent) the ports decide: the server has the lower one.
 */
static __always_inline __u8 opened_by(const struct tcp_conn *conn, struct tcp_sock *tp, int state)
{
	__u64 not_payload = bytes_sent(tp, state) - (BPF_CORE_READ(tp, bytes_sent) - BPF_CORE_READ(tp, bytes_retrans));

	if (not_payload <= 1)
		return not_payload ? FLOW_OUTGOING : FLOW_INCOMING;
	return conn->sport < conn->dport ? FLOW_INCOMING : FLOW_OUTGOING;
}

static __always_inline void adopt_connection(struct sock *sk, const struct owner *holder, int state,
                                             const struct flow_control *control)
{
	struct tcp_sock *tp = (struct tcp_sock *)sk;
	__u64 key = (__u64)sk;
	struct tcp_conn *known = bpf_map_lookup_elem(&tcp_conns, &key);
	struct tcp_conn conn = {};
	struct listener_key listener = {};

	if (known) {
		if (known->established && known->owner.rank < OWNER_HOLDER) {
			known->owner = *holder;
			count_unsure_in(&flow_unsure, -1);
		}
		return;
	}
	conn.id = new_flow_id();
	conn.established = 1;
	conn.adopted = 1;
	fill_tuple(&conn, sk);
	listener.netns = conn.netns;
	listener.port = conn.sport;
	conn.direction = bpf_map_lookup_elem(&listeners, &listener) ? FLOW_INCOMING : opened_by(&conn, tp, state);
	conn.base_tx = bytes_sent(tp, state);
	conn.base_rx = bytes_received(sk, tp);
	conn.base_retransmits = BPF_CORE_READ(tp, total_retrans);
	conn.owner = *holder;
	/* What is not older than the agent was counted when it was established. */
	if (bpf_map_update_elem(&tcp_conns, &key, &conn, BPF_NOEXIST) && !control->begun)
		count_loss_in(&flow_losses, LOSS_TCP_TABLE_FULL, 0);
}

/* Of a socket of Multipath TCP, which a program has open, the subflows, which none has. */
static __always_inline void adopt_subflows(struct sock *above, const struct owner *holder, const struct flow_control *control)
{
	struct mptcp_sock *msk = (struct mptcp_sock *)above;
	struct list_head *node, *end;
	struct sock *first, *sk;
	int i, state;

	first = first_subflow(above);
	if (!first)
		return;
	if (control->adopt == ADOPT_LISTENERS) {
		if (BPF_CORE_READ(first, __sk_common.skc_state) == TCP_LISTEN)
			adopt_listener(first, holder);
		return;
	}
	end = (struct list_head *)((char *)msk + bpf_core_field_offset(msk->conn_list));
	node = BPF_CORE_READ(end, next);
	for (i = 0; i < MAX_SUBFLOWS && node && node != end; i++) {
		sk = BPF_CORE_READ((struct mptcp_subflow_context *)node, tcp_sock);
		state = sk ? BPF_CORE_READ(sk, __sk_common.skc_state) : TCP_CLOSE;
		if (is_connection(state))
			adopt_connection(sk, holder, state, control);
		node = BPF_CORE_READ(node, next);
	}
}

static __always_inline void adopt_udp(struct sock *sk, const struct owner *holder, const struct flow_control *control)
{
	__u64 key = (__u64)sk;
	struct udp_sock_info *known = bpf_map_lookup_elem(&udp_socks, &key);
	struct udp_sock_info info = {};

	if (known) {
		if (known->owner.rank < OWNER_HOLDER)
			known->owner = *holder;
		return;
	}
	info.owner = *holder;
	if (!control->begun)
		info.adopted_ns = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&udp_socks, &key, &info, BPF_NOEXIST))
		count_loss_in(&flow_losses, LOSS_OWNERS_FULL, 0);
}

static __always_inline void adopt(struct sock *sk, const struct owner *holder, const struct flow_control *control)
{
	__u32 what = control->adopt;
	__u16 protocol = BPF_CORE_READ(sk, sk_protocol);
	int state = BPF_CORE_READ(sk, __sk_common.skc_state);

	if (protocol == IPPROTO_UDP) {
		if (what != ADOPT_LISTENERS)
			adopt_udp(sk, holder, control);
		return;
	}
	if (protocol != IPPROTO_TCP || what == ADOPT_UDP)
		return;
	if (what == ADOPT_LISTENERS) {
		if (state == TCP_LISTEN)
			adopt_listener(sk, holder);
		return;
	}
	if (is_connection(state))
		adopt_connection(sk, holder, state, control);
}

SEC("iter/task_file")
int flow_adopt(struct bpf_iter__task_file *ctx)
{
	struct flow_control *control = control_in(&flow_control);
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct owner holder = {};
	struct socket *socket;
	struct sock *sk;

	if (!control || !task || !file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return 0;
	socket = BPF_CORE_READ(file, private_data);
	sk = BPF_CORE_READ(socket, sk);
	if (!sk || !is_inet(sk))
		return 0;
	set_owner(&holder, task, OWNER_HOLDER);
	if (BPF_CORE_READ(sk, sk_protocol) != IPPROTO_MPTCP)
		adopt(sk, &holder, control);
	else if (control->adopt != ADOPT_UDP)
		adopt_subflows(sk, &holder, control);
	return 0;
}

/*
 * Where open files cannot be walked: user space finds the sockets by sock_diag and their owners in /proc, and runs this once for each,
 * with the request in the place of a packet, in a thread that is in the socket's network namespace.
 */
SEC("tc")
int flow_adopt_found(struct __sk_buff *skb)
{
	struct flow_control *control = control_in(&flow_control);
	struct adopt_request request;
	struct bpf_sock_tuple tuple = {};
	struct owner holder = {.rank = OWNER_HOLDER};
	struct bpf_sock *sk;
	__u32 size;

	if (!control || bpf_skb_load_bytes(skb, 0, &request, sizeof(request)))
		return 0;
	if (request.family == AF_INET) {
		__builtin_memcpy(&tuple.ipv4.saddr, request.raddr + 12, 4);
		__builtin_memcpy(&tuple.ipv4.daddr, request.laddr + 12, 4);
		tuple.ipv4.sport = bpf_htons(request.rport);
		tuple.ipv4.dport = bpf_htons(request.lport);
		size = sizeof(tuple.ipv4);
	} else {
		__builtin_memcpy(tuple.ipv6.saddr, request.raddr, 16);
		__builtin_memcpy(tuple.ipv6.daddr, request.laddr, 16);
		tuple.ipv6.sport = bpf_htons(request.rport);
		tuple.ipv6.dport = bpf_htons(request.lport);
		size = sizeof(tuple.ipv6);
	}
	sk = request.protocol == IPPROTO_TCP ? bpf_sk_lookup_tcp(skb, &tuple, size, BPF_F_CURRENT_NETNS, 0)
	                                     : bpf_sk_lookup_udp(skb, &tuple, size, BPF_F_CURRENT_NETNS, 0);
	if (!sk)
		return 0;
	holder.tgid = request.tgid;
	__builtin_memcpy(holder.comm, request.comm, sizeof(holder.comm));
	adopt((struct sock *)address_of(sk), &holder, control);
	bpf_sk_release(sk);
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
