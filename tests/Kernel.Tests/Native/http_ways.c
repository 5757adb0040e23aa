/*
 * Speaks HTTP with itself over loopback, by the system calls that are named: http_ways WAY COUNT. Says its port first, then the
 * bytes of each request and response, and ends with 0 when every byte came; 77 when this kernel refuses the way.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/errqueue.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define PIECE 7 /* bytes in an iovec: a head is spread over many */
#define PIECES 1024
#define BODY 3000

static struct io_uring ring;
static int ends[2]; /* of a pipe */

static void require(int holds, const char *what)
{
	if (holds)
		return;
	perror(what);
	exit(errno == EPERM || errno == ENOSYS || errno == EOPNOTSUPP ? 77 : 1);
}

static int spread(struct iovec *pieces, char *bytes, size_t length)
{
	int count = 0;

	for (size_t at = 0; at < length; at += PIECE, count++)
		pieces[count] = (struct iovec){bytes + at, length - at < PIECE ? length - at : PIECE};
	return count;
}

static int in_file(const char *bytes, size_t length)
{
	int file = memfd_create("response", 0);

	require(file >= 0 && write(file, bytes, length) == (ssize_t)length && lseek(file, 0, SEEK_SET) == 0, "memfd");
	return file;
}

static void by_write(int to, char *bytes, size_t length)
{
	require(write(to, bytes, length) == (ssize_t)length, "write");
}

static void by_writev(int to, char *bytes, size_t length)
{
	struct iovec pieces[PIECES];

	require(writev(to, pieces, spread(pieces, bytes, length)) == (ssize_t)length, "writev");
}

static void by_sendmmsg(int to, char *bytes, size_t length)
{
	struct iovec parts[3] = {{bytes, 9}, {bytes + 9, 11}, {bytes + 20, length - 20}};
	struct mmsghdr messages[3] = {};

	for (int i = 0; i < 3; i++)
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
	require(sendmmsg(to, messages, 3, 0) == 3, "sendmmsg");
}

static void by_more(int to, char *bytes, size_t length)
{
	require(send(to, bytes, 13, MSG_MORE) == 13 && send(to, bytes + 13, length - 13, 0) == (ssize_t)length - 13, "send");
}

static void by_sendfile(int to, char *bytes, size_t length)
{
	int file = in_file(bytes, length);

	require(sendfile(to, file, 0, length) == (ssize_t)length, "sendfile");
	close(file);
}

static void by_splice(int to, char *bytes, size_t length)
{
	int file = in_file(bytes, length);

	require(splice(file, 0, ends[1], 0, length, 0) == (ssize_t)length, "splice in");
	require(splice(ends[0], 0, to, 0, length, 0) == (ssize_t)length, "splice out");
	close(file);
}

static void by_vmsplice(int to, char *bytes, size_t length)
{
	struct iovec all = {bytes, length};

	require(vmsplice(ends[1], &all, 1, 0) == (ssize_t)length, "vmsplice");
	require(splice(ends[0], 0, to, 0, length, 0) == (ssize_t)length, "splice out");
}

static void by_zerocopy(int to, char *bytes, size_t length)
{
	char control[128];
	struct msghdr done = {.msg_control = control, .msg_controllen = sizeof(control)};
	struct pollfd wait = {.fd = to};
	int on = 1;

	require(setsockopt(to, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on)) == 0, "SO_ZEROCOPY");
	require(send(to, bytes, length, MSG_ZEROCOPY) == (ssize_t)length, "MSG_ZEROCOPY");
	require(poll(&wait, 1, 5000) == 1 && recvmsg(to, &done, MSG_ERRQUEUE) >= 0, "the kernel gives the pages back");
}

static int reap(const char *what)
{
	struct io_uring_cqe *done;
	int result, more;

	do {
		require(io_uring_wait_cqe(&ring, &done) == 0, what);
		result = done->flags & IORING_CQE_F_NOTIF ? 0 : done->res;
		more = done->flags & IORING_CQE_F_MORE;
		if (result < 0)
			errno = -result;
		require(result >= 0, what);
		io_uring_cqe_seen(&ring, done);
	} while (0);
	if (more) { /* a zero copy's notification: the pages are free */
		require(io_uring_wait_cqe(&ring, &done) == 0, what);
		io_uring_cqe_seen(&ring, done);
	}
	return result;
}

static void by_uring(int to, char *bytes, size_t length)
{
	io_uring_prep_send(io_uring_get_sqe(&ring), to, bytes, length, 0);
	require(io_uring_submit(&ring) >= 0, "submit");
	require(reap("IORING_OP_SEND") == (int)length, "IORING_OP_SEND");
}

static void by_uring_writev(int to, char *bytes, size_t length)
{
	struct iovec pieces[PIECES];

	io_uring_prep_writev(io_uring_get_sqe(&ring), to, pieces, spread(pieces, bytes, length), 0);
	require(io_uring_submit(&ring) >= 0, "submit");
	require(reap("IORING_OP_WRITEV") == (int)length, "IORING_OP_WRITEV");
}

static void by_uring_zc(int to, char *bytes, size_t length)
{
	io_uring_prep_send_zc(io_uring_get_sqe(&ring), to, bytes, length, 0, 0);
	require(io_uring_submit(&ring) >= 0, "submit");
	require(reap("IORING_OP_SEND_ZC") == (int)length, "IORING_OP_SEND_ZC");
}

static void take_read(int from, char *bytes, size_t length)
{
	for (ssize_t got; length; length -= got, bytes += got)
		require((got = read(from, bytes, length)) > 0, "read");
}

static void take_readv(int from, char *bytes, size_t length)
{
	struct iovec pieces[PIECES];

	for (ssize_t got; length; length -= got, bytes += got)
		require((got = readv(from, pieces, spread(pieces, bytes, length))) > 0, "readv");
}

static void take_recvmmsg(int from, char *bytes, size_t length)
{
	while (length) {
		struct iovec parts[2] = {{bytes, length / 2 ? length / 2 : length}, {bytes, length}};
		struct mmsghdr messages[2] = {};

		for (int i = 0; i < 2; i++)
			messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
		require(recvmmsg(from, messages, 1, MSG_WAITFORONE, 0) == 1, "recvmmsg");
		length -= messages[0].msg_len;
		bytes += messages[0].msg_len;
	}
}

static void take_splice(int from, char *bytes, size_t length)
{
	for (ssize_t got; length; length -= got, bytes += got) {
		require((got = splice(from, 0, ends[1], 0, length, 0)) > 0, "splice from a socket");
		take_read(ends[0], bytes, got);
	}
}

static void take_nothing(int from, char *bytes, size_t length)
{
	require(recv(from, bytes, length, MSG_PEEK) > 0, "peek");
	for (ssize_t got; length; length -= got)
		require((got = recv(from, 0, length, MSG_TRUNC)) > 0, "MSG_TRUNC");
}

static void take_uring(int from, char *bytes, size_t length)
{
	for (int got; length; length -= got, bytes += got) {
		io_uring_prep_recv(io_uring_get_sqe(&ring), from, bytes, length, 0);
		require(io_uring_submit(&ring) >= 0, "submit");
		require((got = reap("IORING_OP_RECV")) > 0, "IORING_OP_RECV");
	}
}

static const struct way {
	const char *name;
	void (*send)(int to, char *bytes, size_t length);
	void (*take)(int from, char *bytes, size_t length);
	unsigned int ring_flags;
} ways[] = {
	{"write", by_write, take_read},
	{"writev", by_writev, take_readv},
	{"sendmmsg", by_sendmmsg, take_recvmmsg},
	{"more", by_more, take_nothing},
	{"sendfile", by_sendfile, take_read},
	{"splice", by_splice, take_splice},
	{"vmsplice", by_vmsplice, take_splice},
	{"zerocopy", by_zerocopy, take_read},
	{"uring", by_uring, take_uring},
	{"uring-writev", by_uring_writev, take_uring},
	{"uring-zerocopy", by_uring_zc, take_uring},
	{"uring-sqpoll", by_uring, take_uring, IORING_SETUP_SQPOLL},
};

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int client, server, error, on = 1, listener = socket(AF_INET, SOCK_STREAM, 0), count = argc == 3 ? atoi(argv[2]) : 0;
	static char request[256], response[BODY + 256], taken[BODY + 256];
	socklen_t length = sizeof(address);
	const struct way *way = ways;

	while (count && way < ways + sizeof(ways) / sizeof(*ways) && strcmp(way->name, argv[1]))
		way++;
	if (!count || way == ways + sizeof(ways) / sizeof(*ways))
		return 2;
	error = io_uring_queue_init(8, &ring, way->ring_flags);
	errno = -error;
	require(!error || strncmp(way->name, "uring", 5), "io_uring_setup");
	require(pipe(ends) == 0, "pipe");
	require(bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(listener, 1) == 0, "listen");
	require(getsockname(listener, (struct sockaddr *)&address, &length) == 0, "getsockname");
	client = socket(AF_INET, SOCK_STREAM, 0);
	require(connect(client, (struct sockaddr *)&address, sizeof(address)) == 0, "connect");
	server = accept(listener, 0, 0);
	require(server >= 0, "accept");
	setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	printf("%d\n", ntohs(address.sin_port));
	for (int i = 0; i < count; i++) {
		int asked = sprintf(request, "POST /%s/%d HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", way->name, i);
		int answered = sprintf(response, "HTTP/1.1 %d OK\r\nContent-Length: %d\r\n\r\n", 200 + i % 4, BODY);

		memset(response + answered, 'b', BODY);
		answered += BODY;
		way->send(client, request, asked);
		way->take(server, taken, asked);
		way->send(server, response, answered);
		way->take(client, taken, answered);
		printf("%d %d\n", asked, answered);
	}
	close(client);
	close(server);
	return 0;
}
