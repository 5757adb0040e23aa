/* SPDX-License-Identifier: GPL-2.0 */
/* A TLS record by its first bytes, which are as good as random: noted where it leaves the library's object. */
#pragma once

#include <asm/ptrace.h>

#include "session.h"

#define FINGERPRINT_BYTES 22 /* a record of TLS 1.3 with one byte in it has 23 */
#define MAX_FINGERPRINTS 8192
#define MAX_TRIES 250          /* writes that leave a fingerprint of a session that has no socket */
#define MAX_NESTED_TRIES 4     /* ... and that has one by nesting: the fingerprint has the last word */
#define WATCH_NS 5000000000ULL /* how long packets are looked at after a fingerprint was left */

struct tls_fingerprint {
	__u8 bytes[FINGERPRINT_BYTES];
	__u8 pad[2];
};

/* When packets are worth a look: for a while, as long as not every fingerprint has been met. */
struct tls_watch {
	__u64 until_ns;
	__s64 open;
};

struct tls_fingerprints_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_FINGERPRINTS);
	__type(key, struct tls_fingerprint);
	__type(value, struct tls_key);
};

struct tls_watches_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tls_watch);
};

extern struct tls_fingerprints_map tls_fingerprints SEC(".maps");
extern struct tls_watches_map tls_watches SEC(".maps");

/* handshake, alert, change of cipher, data; of any version since SSL 3 */
static __always_inline int is_record(const __u8 *bytes)
{
	return bytes[0] >= 0x14 && bytes[0] <= 0x17 && bytes[1] == 3;
}

/* Fingerprints that were never met end with the watch, and those of the next one are counted anew. */
static __always_inline void expect_packet(struct tls_watch *watch)
{
	__u64 now = bpf_ktime_get_ns();

	if (now > watch->until_ns)
		watch->open = 0;
	watch->until_ns = now + WATCH_NS;
	__sync_fetch_and_add(&watch->open, 1);
}

/* Null when no fingerprint waits to be met. */
static __always_inline struct tls_watch *open_watch(void)
{
	__u32 zero = 0;
	struct tls_watch *watch = bpf_map_lookup_elem(&tls_watches, &zero);

	return watch && watch->open && bpf_ktime_get_ns() <= watch->until_ns ? watch : 0;
}

/* Whose record it is; 0 when nobody's. It is met once. */
static __always_inline int take_fingerprint(const struct tls_fingerprint *fingerprint, struct tls_watch *watch,
                                            struct tls_key *key)
{
	struct tls_key *found = bpf_map_lookup_elem(&tls_fingerprints, fingerprint);

	if (!found)
		return 0;
	*key = *found;
	if (!bpf_map_delete_elem(&tls_fingerprints, fingerprint))
		__sync_fetch_and_add(&watch->open, -1);
	return 1;
}

/* BIO_write(bio, data, length) of a thread that is inside a call: a record leaves the object. */
static __always_inline int note_record(struct pt_regs *ctx)
{
	struct tls_caller caller = {.thread = bpf_get_current_pid_tgid()};
	struct tls_call *call = bpf_map_lookup_elem(&tls_calls, &caller);
	struct tls_fingerprint fingerprint = {};
	struct tls_session *session;
	struct tls_watch *watch;
	struct tls_key key = {};
	__u32 zero = 0;

	if (!call || !call->is_inside || call->is_joined || (int)PT_REGS_PARM3(ctx) < FINGERPRINT_BYTES)
		return 0;
	key.ssl = call->ssl;
	key.tgid = caller.thread >> 32;
	session = bpf_map_lookup_elem(&tls_sessions, &key);
	if (!session || session->joined_by == JOIN_FINGERPRINT ||
	    session->tries >= (session->conn ? MAX_NESTED_TRIES : MAX_TRIES))
		return 0;
	if (bpf_probe_read_user(fingerprint.bytes, FINGERPRINT_BYTES, (void *)PT_REGS_PARM2(ctx)) ||
	    !is_record(fingerprint.bytes))
		return 0;
	session->tries++;
	bpf_map_update_elem(&tls_fingerprints, &fingerprint, &key, BPF_ANY);
	watch = bpf_map_lookup_elem(&tls_watches, &zero);
	if (watch)
		expect_packet(watch);
	return 0;
}
