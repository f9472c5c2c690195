/* Program: what a short connection over a UNIX socket costs a server that does nothing with it.
 *
 * usage: connections epoll|uring|uring-direct COUNT LOAD_CORE SERVER_CORE
 *
 * One thread plays nginx: 32 connections at a time, each sends a request, reads to the end, closes, and the next one
 * begins. The other serves as a worker does: take all connections that wait, read, answer, close. Nothing is parsed and
 * nobody is called, so what is printed, microseconds of processor time of the serving thread for each connection, is what
 * the system calls cost. Three ways to make them: epoll and one call after the other; io_uring with an accept that
 * stays, and the answer linked to the close; the same without descriptors in the process's table. */
#define _GNU_SOURCE
#include <errno.h>
#include <liburing.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { AT_ONCE = 32, REQUEST = 300, ANSWER = 91, ROOM = 8192, RING = 1024 };
enum { ACCEPT = 1, RECV = 2, SEND = 3, CLOSE = 4 };

static int count, load_core, server_core;
static char request[REQUEST], answer[ANSWER];
static struct sockaddr_un place = {.sun_family = AF_UNIX};

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void pin(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    if (sched_setaffinity(0, sizeof set, &set) < 0) fail("sched_setaffinity");
}

static double processor_seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void begin(int epoll) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct epoll_event event = {EPOLLIN | EPOLLET, {.fd = fd}};
    if (connect(fd, (struct sockaddr *)&place, sizeof place) < 0) fail("connect");
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
    if (write(fd, request, sizeof request) < 0) fail("write");
}

static void *load(void *nothing) {
    int epoll = epoll_create1(EPOLL_CLOEXEC), begun = 0, ended = 0;
    struct epoll_event events[64];
    char room[ROOM];
    pin(load_core);
    for (; begun < AT_ONCE; begun++) begin(epoll);
    while (ended < count) {
        int ready = epoll_wait(epoll, events, 64, -1);
        for (int i = 0; i < ready; i++) {
            ssize_t got;
            while ((got = read(events[i].data.fd, room, sizeof room)) > 0) {}
            if (got < 0) continue;
            close(events[i].data.fd);
            ended++;
            if (begun < count) begin(epoll), begun++;
        }
    }
    return nothing;
}

static void by_epoll(int listener) {
    int epoll = epoll_create1(EPOLL_CLOEXEC), taken[128];
    struct epoll_event event = {EPOLLIN, {.fd = listener}};
    char room[ROOM];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (int done = 0; done < count;) {
        int fd, some = 0;
        epoll_wait(epoll, &event, 1, -1);
        while (some < 128 && (fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) taken[some++] = fd;
        for (int i = 0; i < some; i++)
            if (recv(taken[i], room, sizeof room, 0) <= 0) fail("recv");
        for (int i = 0; i < some; i++, done++) {
            if (send(taken[i], answer, sizeof answer, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) fail("send");
            close(taken[i]);
        }
    }
}

static struct io_uring_sqe *order(struct io_uring *ring, int kind, int fd) {
    struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
    if (!sqe) fail("io_uring_get_sqe");
    sqe->user_data = (unsigned long)fd << 3 | kind;
    return sqe;
}

static void by_uring(int listener, int direct) {
    static char rooms[RING][ROOM];
    struct io_uring ring;
    struct io_uring_params how = {.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN};
    int fixed = direct ? IOSQE_FIXED_FILE : 0;
    errno = -io_uring_queue_init_params(RING, &ring, &how);
    if (errno) fail("io_uring");
    if (direct && (errno = -io_uring_register_files_sparse(&ring, RING))) fail("io_uring_register_files_sparse");
    struct io_uring_sqe *sqe = order(&ring, ACCEPT, 0);
    unsigned long data = sqe->user_data;
    if (direct) io_uring_prep_multishot_accept_direct(sqe, listener, NULL, NULL, 0);
    else io_uring_prep_multishot_accept(sqe, listener, NULL, NULL, SOCK_CLOEXEC);
    sqe->user_data = data;
    for (int done = 0; done < count;) {
        struct io_uring_cqe *cqe;
        unsigned head, seen = 0;
        io_uring_submit_and_wait(&ring, 1);
        io_uring_for_each_cqe(&ring, head, cqe) {
            int kind = cqe->user_data & 7, fd = cqe->user_data >> 3;
            seen++;
            if (cqe->res < 0 && (errno = -cqe->res)) fail("a completion");
            if (kind == ACCEPT) {
                fd = cqe->res;
                sqe = io_uring_get_sqe(&ring);
                io_uring_prep_recv(sqe, fd, rooms[fd % RING], ROOM, 0);
                sqe->user_data = (unsigned long)fd << 3 | RECV;
                sqe->flags |= fixed;
            } else if (kind == RECV) {
                sqe = io_uring_get_sqe(&ring);
                io_uring_prep_send(sqe, fd, answer, sizeof answer, MSG_NOSIGNAL);
                sqe->user_data = (unsigned long)fd << 3 | SEND;
                sqe->flags |= fixed | IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS;
                sqe = io_uring_get_sqe(&ring);
                if (direct) io_uring_prep_close_direct(sqe, fd);
                else io_uring_prep_close(sqe, fd);
                sqe->user_data = (unsigned long)fd << 3 | CLOSE;
            } else if (kind == CLOSE) {
                done++;
            }
        }
        io_uring_cq_advance(&ring, seen);
    }
    io_uring_queue_exit(&ring);
}

int main(int argc, char **argv) {
    pthread_t other;
    if (argc != 5) return fputs("usage: connections epoll|uring|uring-direct COUNT LOAD_CORE SERVER_CORE\n", stderr), 2;
    count = atoi(argv[2]), load_core = atoi(argv[3]), server_core = atoi(argv[4]);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    snprintf(place.sun_path + 1, sizeof place.sun_path - 1, "imperator-bench-%d", getpid()); /* abstract: no file */
    if (bind(listener, (struct sockaddr *)&place, sizeof place) < 0) fail("bind");
    if (listen(listener, 1024) < 0) fail("listen");
    pthread_create(&other, NULL, load, NULL);
    pin(server_core);
    double before = processor_seconds();
    if (!strcmp(argv[1], "epoll")) by_epoll(listener);
    else by_uring(listener, !strcmp(argv[1], "uring-direct"));
    printf("%.3f\n", (processor_seconds() - before) / count * 1e6);
    pthread_join(other, NULL);
    return 0;
}
