// SPDX-License-Identifier: GPL-2.0
/*
 * TCP without a per-packet hook: identity is recorded when a socket changes state, the numbers are those that the kernel
 * keeps in tcp_sock anyway, read when the connection ends and, for open connections, by an iterator at every sweep.
 */
#include "mptcp.h"
#include "tcp_event.h"

struct tcp_conns_map tcp_conns SEC(".maps");
struct listeners_map listeners SEC(".maps");
struct flow_events_map flow_events SEC(".maps");
struct flow_losses_map flow_losses SEC(".maps");
struct flow_control_map flow_control SEC(".maps");
struct flow_unsure_map flow_unsure SEC(".maps");
struct http_socks_map http_socks SEC(".maps");

/* Set before the load: 0 where the hook that sees a connection's end may not look into the socket's storage. */
const volatile __u8 storage_seen_at_end SEC(".rodata.choices") = 1;

/* Puts the wire types into the object's BTF, where the layout test reads them. */
const struct flow_event *wire_flow_event;
const enum flow_loss *wire_flow_loss;

static __always_inline struct owner *listener_of(struct tcp_conn *conn)
{
	struct listener_key key = {.netns = conn->netns, .port = conn->sport};

	return bpf_map_lookup_elem(&listeners, &key);
}

static __always_inline void remember_listener(struct sock *sk, struct task_struct *task)
{
	struct listener_key key = {.netns = netns_of(sk), .port = BPF_CORE_READ(sk, __sk_common.skc_num)};
	struct owner owner = {};

	set_owner(&owner, task, OWNER_LISTENER);
	if (bpf_map_update_elem(&listeners, &key, &owner, BPF_ANY))
		count_loss_in(&flow_losses, LOSS_LISTENERS_FULL, 0);
}

/* The kernel itself opens and accepts further subflows: whoever owns the first one owns them. */
static __always_inline int inherit_owner(struct tcp_conn *conn, struct sock *sk)
{
	__u64 elder = (__u64)elder_subflow(sk);
	struct tcp_conn *first = elder ? bpf_map_lookup_elem(&tcp_conns, &elder) : 0;

	if (!first)
		return 0;
	conn->owner = first->owner;
	return 1;
}

static __always_inline void on_connecting(struct sock *sk, __u64 key)
{
	struct tcp_sock *tp = (struct tcp_sock *)sk;
	struct tcp_conn conn = {.id = new_flow_id(), .direction = FLOW_OUTGOING};

	/* A socket that was connected before keeps its counters until it is disconnected. */
	conn.base_tx = BPF_CORE_READ(tp, bytes_acked) + 1 /* SYN */;
	conn.base_rx = BPF_CORE_READ(tp, bytes_received);
	if (!inherit_owner(&conn, sk))
		set_owner_current(&conn.owner, OWNER_EXACT);
	/* A full table is counted when the connection is established: most failed connects never get there. */
	bpf_map_update_elem(&tcp_conns, &key, &conn, BPF_ANY);
}

static __always_inline void on_established(struct sock *sk, __u64 key, int old_state)
{
	struct tcp_conn *known = bpf_map_lookup_elem(&tcp_conns, &key);
	struct tcp_conn conn = {};
	struct owner *listener;

	if (known && !known->established) {
		fill_tuple(known, sk);
		known->established = 1;
		if (known->owner.rank < OWNER_HOLDER)
			count_unsure_in(&flow_unsure, 1);
		return;
	}
	conn.id = new_flow_id();
	conn.established = 1;
	conn.direction = old_state == TCP_SYN_RECV ? FLOW_INCOMING : FLOW_OUTGOING;
	conn.base_tx = conn.direction == FLOW_OUTGOING; /* its SYN */
	fill_tuple(&conn, sk);
	if (conn.direction == FLOW_INCOMING) {
		listener = listener_of(&conn);
		if (!inherit_owner(&conn, sk) && listener)
			conn.owner = *listener;
	}
	if (bpf_map_update_elem(&tcp_conns, &key, &conn, BPF_ANY))
		count_loss_in(&flow_losses, LOSS_TCP_TABLE_FULL, 0);
	else if (conn.owner.rank < OWNER_HOLDER)
		count_unsure_in(&flow_unsure, 1);
}

/* What no sweep has shown yet. Before the first sweep everything since the base is; control flags blur it by two. */
static __always_inline __u64 unreported_bytes(struct tcp_conn *conn, struct sock *sk)
{
	struct tcp_sock *tp = (struct tcp_sock *)sk;
	__u64 sent = sequence_sent(tp) - (conn->reported ? conn->swept_sequence : conn->base_tx);

	return sent + BPF_CORE_READ(tp, bytes_received) - (conn->reported ? conn->swept_received : conn->base_rx);
}

static __always_inline void on_closed(struct sock *sk, __u64 key, int old_state, __u8 waits)
{
	struct tcp_conn *conn = bpf_map_lookup_elem(&tcp_conns, &key);
	struct flow_event *event;

	if (!conn)
		return;
	if (!conn->established) {
		bpf_map_delete_elem(&tcp_conns, &key);
		return;
	}
	if (conn->owner.rank < OWNER_HOLDER)
		count_unsure_in(&flow_unsure, -1);
	event = bpf_ringbuf_reserve(&flow_events, sizeof(*event), 0);
	if (!event) {
		count_loss_in(&flow_losses, LOSS_RING_FULL, unreported_bytes(conn, sk));
		bpf_map_delete_elem(&tcp_conns, &key);
		return;
	}
	fill_event(event, conn, sk, old_state);
	event->flags = closed_flags(conn) | waits;
	/* Deleted before it is submitted: once user space has this record no sweep can show the connection again. */
	bpf_map_delete_elem(&tcp_conns, &key);
	bpf_ringbuf_submit(event, ring_wake_flag(&flow_events));
}

static __always_inline int is_state_of_interest(int state)
{
	return state == TCP_ESTABLISHED || state == TCP_CLOSE || state == TCP_SYN_SENT || state == TCP_LISTEN;
}

static __always_inline int is_tcp(struct sock *sk)
{
	return BPF_CORE_READ(sk, sk_protocol) == IPPROTO_TCP && is_inet(sk);
}

static __always_inline void on_opening(struct sock *sk, int old_state, int new_state)
{
	__u64 key = (__u64)sk;

	if (new_state == TCP_SYN_SENT)
		on_connecting(sk, key);
	else if (new_state == TCP_ESTABLISHED)
		on_established(sk, key, old_state);
	else if (new_state == TCP_LISTEN)
		remember_listener(sk, (struct task_struct *)bpf_get_current_task());
}

/* The first rung: the only one that may look into the socket's storage. */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(tcp_on_state, struct sock *sk, int old_state, int new_state)
{
	struct http_sock *http;
	__u8 waits = 0;

	if (!is_state_of_interest(new_state) || !is_tcp(sk))
		return 0;
	if (new_state != TCP_CLOSE) {
		on_opening(sk, old_state, new_state);
		return 0;
	}
	if (storage_is_traceable()) {
		http = bpf_sk_storage_get(&http_socks, sk, 0, 0);
		waits = http && http->asked.length ? FLOW_UNANSWERED : 0;
	}
	on_closed(sk, (__u64)sk, old_state, waits);
	return 0;
}

/* The second: the same tracepoint, without the kernel's types. */
SEC("raw_tp/inet_sock_set_state")
int BPF_PROG(tcp_on_state_raw, struct sock *sk, int old_state, int new_state)
{
	if (!is_state_of_interest(new_state) || !is_tcp(sk))
		return 0;
	if (new_state == TCP_CLOSE)
		on_closed(sk, (__u64)sk, old_state, 0);
	else
		on_opening(sk, old_state, new_state);
	return 0;
}

/* The socket's memory was that of a connection whose end nothing has told. */
static __always_inline void end_predecessor(__u64 key)
{
	struct tcp_conn *conn = bpf_map_lookup_elem(&tcp_conns, &key);
	struct flow_event *event;

	if (!conn || !conn->established)
		return;
	event = bpf_ringbuf_reserve(&flow_events, sizeof(*event), 0);
	if (event) {
		fill_identity(event, conn);
		fill_last(event, conn);
		event->flags = closed_flags(conn);
		bpf_ringbuf_submit(event, ring_wake_flag(&flow_events));
	} else {
		count_loss_in(&flow_losses, LOSS_RING_FULL, 0);
	}
	bpf_map_delete_elem(&tcp_conns, &key);
}

static __always_inline void ask_for_states(struct bpf_sock_ops *ops)
{
	bpf_sock_ops_cb_flags_set(ops, ops->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_STATE_CB_FLAG);
}

/*
 * The third: the kernel calls back when a socket connects, accepts or listens, and from then on at each change of its state, before
 * that is stored. A socket that is older than the agent is never told: its end is found by the sweep.
 */
SEC("sockops")
int tcp_on_ops(struct bpf_sock_ops *ops)
{
	struct bpf_sock *full = ops->sk;
	struct sock *sk;
	int old_state, new_state;

	if (!full)
		return 1;
	sk = (struct sock *)address_of(full);
	switch (ops->op) {
	case BPF_SOCK_OPS_TCP_CONNECT_CB:
		ask_for_states(ops);
		end_predecessor((__u64)sk);
		on_connecting(sk, (__u64)sk);
		break;
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB: /* just before the state changes, which is told, too */
		ask_for_states(ops);
		end_predecessor((__u64)sk);
		break;
	case BPF_SOCK_OPS_TCP_LISTEN_CB:
		ask_for_states(ops);
		remember_listener(sk, (struct task_struct *)bpf_get_current_task());
		break;
	case BPF_SOCK_OPS_STATE_CB:
		old_state = ops->args[0];
		new_state = ops->args[1];
		if (new_state == TCP_CLOSE)
			on_closed(sk, (__u64)sk, old_state, 0);
		else if (new_state == TCP_ESTABLISHED)
			on_established(sk, (__u64)sk, old_state);
		break;
	}
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
