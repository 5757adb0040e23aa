/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's connection tracking, cut down as in kernel.h. It is a module on most kernels: libbpf finds these types in the
 * module's BTF (Linux 5.11 and newer) or in the kernel's own, whoever has them.
 */
#pragma once

#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>

/* enum ip_conntrack_status */
#define IPS_SRC_NAT (1 << 4)
#define IPS_DST_NAT (1 << 5)
#define IPS_DYING (1 << 9)

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

union nf_inet_addr {
	__u32 all[4];
	__be32 ip;
};

union nf_conntrack_man_proto {
	__be16 all;
};

struct nf_conntrack_man {
	union nf_inet_addr u3;
	union nf_conntrack_man_proto u;
	__u16 l3num;
};

struct nf_conntrack_tuple {
	struct nf_conntrack_man src;
	struct {
		union nf_inet_addr u3;
		union {
			__be16 all;
		} u;
		__u8 protonum;
	} dst;
};

struct nf_conntrack_tuple_hash {
	struct nf_conntrack_tuple tuple;
};

struct nf_conn {
	struct nf_conntrack_tuple_hash tuplehash[2]; /* original, reply */
	unsigned long status;
	possible_net_t ct_net;
};

#pragma clang attribute pop

/* Both kinds of addresses as 16 bytes. */
static __always_inline void map_address(__u8 out[16], const __u32 address[4], __u16 family)
{
	__u32 mapped[4] = {0, 0, bpf_htonl(0xffff), address[0]};

	__builtin_memcpy(out, family == AF_INET ? mapped : address, 16);
}
