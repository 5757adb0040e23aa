// SPDX-License-Identifier: GPL-2.0
/*
 * Which socket a session speaks through. Its ciphertext says so for every user of OpenSSL, also where a thread encrypts and
 * another one sends: the first bytes of a record are noted when it leaves the object and found again when it leaves the socket.
 * Where there is no such place (GnuTLS) the socket that a thread receives from while it is inside the library answers.
 */
#include "../common/transport.h"
#include "fingerprint.h"
#include "join.h"

#define MAX_RECORDS 8 /* of one packet: what is left of a handshake may stand in front */
#define RECORD_HEADER 5

static __always_inline struct tls_session *session_of_call(void)
{
	struct tls_caller caller = {.thread = bpf_get_current_pid_tgid()};
	struct tls_call *call = bpf_map_lookup_elem(&tls_calls, &caller);
	struct tls_key key = {};

	if (!call || !call->is_inside)
		return 0;
	key.ssl = call->ssl;
	key.tgid = caller.thread >> 32;
	return bpf_map_lookup_elem(&tls_sessions, &key);
}

static __always_inline int join_receiver(__u64 sk)
{
	struct tls_session *session = session_of_call();

	if (session && !session->conn)
		join_session(session, sk, JOIN_NESTED);
	return 0;
}

SEC("tp_btf/tcp_rcv_space_adjust")
int BPF_PROG(tls_on_receive, struct sock *sk)
{
	return join_receiver((__u64)sk);
}

/* For kernels that refuse the typed tracepoint. Here the socket is a plain number, and a key is all that it is used as. */
SEC("raw_tp/tcp_rcv_space_adjust")
int tls_receive_raw(struct bpf_raw_tracepoint_args *ctx)
{
	return join_receiver(ctx->args[0]);
}

/* Where the TCP payload begins; 0 for what is not looked into. */
static __always_inline __u32 payload_offset(struct __sk_buff *skb)
{
	__u32 at = transport_offset(skb, IPPROTO_TCP);
	__u8 words;

	return !at || bpf_skb_load_bytes(skb, at + 12, &words, 1) ? 0 : at + (words >> 4) * 4;
}

static __always_inline int join_by(struct bpf_sock *sk, struct tls_fingerprint *fingerprint, struct tls_watch *watch)
{
	struct tls_session *session;
	struct tls_key key;

	if (!take_fingerprint(fingerprint, watch, &key))
		return 0;
	session = bpf_map_lookup_elem(&tls_sessions, &key);
	if (session)
		join_session(session, address_of(sk), JOIN_FINGERPRINT);
	return 1;
}

SEC("cgroup_skb/egress")
int tls_on_egress(struct __sk_buff *skb)
{
	struct tls_fingerprint fingerprint = {};
	struct tls_watch *watch;
	struct bpf_sock *sk;
	__u32 at;
	int i;

	watch = open_watch();
	if (!watch)
		return 1;
	sk = skb->sk;
	if (!sk)
		return 1;
	sk = bpf_sk_fullsock(sk);
	if (!sk || sk->protocol != IPPROTO_TCP)
		return 1;
	at = payload_offset(skb);
	if (!at)
		return 1;
	for (i = 0; i < MAX_RECORDS; i++) {
		/* A shorter record cannot be told from another one, and is not noted. */
		if (bpf_skb_load_bytes(skb, at, fingerprint.bytes, FINGERPRINT_BYTES)) {
			if (bpf_skb_load_bytes(skb, at, fingerprint.bytes, RECORD_HEADER))
				break;
		} else if (is_record(fingerprint.bytes) && join_by(sk, &fingerprint, watch)) {
			break;
		}
		if (!is_record(fingerprint.bytes))
			break;
		at += RECORD_HEADER + (fingerprint.bytes[3] << 8 | fingerprint.bytes[4]);
	}
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
