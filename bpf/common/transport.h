/* SPDX-License-Identifier: GPL-2.0 */
/* Where a packet's transport header is: behind IPv4's options or IPv6's extension headers. Of the latter each packet of more than
 * 64 KiB has one (BIG TCP), inside of a host too. */
#pragma once

#include "kernel.h"

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define PLAIN_IPV4 20 /* a header without options */
#define PLAIN_IPV6 40
#define IPV6_NEXT 6 /* where the header names what follows it */
#define IPV6_FRAGMENT 44
#define MAX_EXTENSION_HEADERS 4

/* Behind IPv6's own header; 0 when the wanted one does not come. A function of its own, so that its loop is verified once. */
__weak int behind_extensions(struct __sk_buff *skb, __u32 next, __u32 wanted)
{
	__u32 at = PLAIN_IPV6;
	__u8 extension[2];
	int i;

	for (i = 0; i < MAX_EXTENSION_HEADERS && next != wanted; i++) {
		if (bpf_skb_load_bytes(skb, at, extension, sizeof(extension)))
			return 0;
		at += next == IPV6_FRAGMENT ? 8 : (extension[1] + 1) * 8;
		next = extension[0];
	}
	return next == wanted ? at : 0;
}

/* 0 when it cannot be found. */
static __always_inline __u32 transport_offset(struct __sk_buff *skb, __u8 wanted)
{
	__u8 byte;

	if (skb->protocol == bpf_htons(ETH_P_IP))
		return bpf_skb_load_bytes(skb, 0, &byte, 1) ? 0 : (byte & 15) * 4;
	return bpf_skb_load_bytes(skb, IPV6_NEXT, &byte, 1) ? 0 : behind_extensions(skb, byte, wanted);
}
