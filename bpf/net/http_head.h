/* SPDX-License-Identifier: GPL-2.0 */
/* The functions that the files of the HTTP part call in each other. All are global: the verifier sees each of them once. */
#pragma once

#include "http_lines.h"

int http_walk_head(__u32 slot, __u32 have);
int http_read_length(__u32 slot);
int http_take_whole(struct __sk_buff *skb, __u32 from, __u32 left, __u32 egress);
int http_take_lines(struct __sk_buff *skb, __u32 from, __u32 left, __u32 egress);
int http_take_piece(struct __sk_buff *skb, __u32 from, __u32 count, __u32 egress);
int http_emit_line(struct __sk_buff *skb, __u32 complete);
int http_emit_response(struct __sk_buff *skb, __u32 over);
int http_take_payload(struct __sk_buff *skb, __u32 from, __u32 left, __u32 egress);
int http_keep_early(struct __sk_buff *skb, __u32 from, __u32 left, __u32 seq, __u32 egress);
int http_take_early(struct __sk_buff *skb, __u32 egress);
int http_keep_for_child(struct __sk_buff *skb, __u32 from, __u32 left, __u32 seq);
int http_begin_preface(struct __sk_buff *skb, __u32 from, __u32 left, __u32 egress);
int http_doubt(struct __sk_buff *skb, __u32 from, __u32 left, __u32 egress);
int http_inherit(struct __sk_buff *skb, __u32 received);
