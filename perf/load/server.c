/* The server behind every variant: echoes messages, swallows uploads and answers HTTP, in many namespaces at once. */
#define _GNU_SOURCE
#include "net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIECE (1 << 18)

struct peer {
  int fd;
  int listens;
  /* Of the message that is arriving. */
  size_t received;
  char message[MESSAGE];
  /* Bytes of an upload still to come. */
  uint64_t left;
  /* It speaks HTTP; what came of the end of a head. */
  int http, matched;
};

static int epoll;

static void watch(int fd, int listens) {
  struct peer *peer = calloc(1, sizeof *peer);
  must(peer != NULL, "memory");
  peer->fd = fd;
  peer->listens = listens;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};
  must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
}

static void listen_in(const char *namespace_file, uint16_t port) {
  enter(namespace_file);
  int fd = tcp_socket(0), on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
  must(bind(fd, (struct sockaddr *)&any, sizeof any) == 0, "bind");
  must(listen(fd, 4096) == 0, "listen");
  watch(fd, 1);
}

static int serve_http(struct peer *peer, const char *bytes, size_t length) {
  peer->http = 1;
  for (int heads = heads_in(bytes, length, &peer->matched); heads > 0; heads--)
    if (!answer_http(peer->fd)) return 0;
  return 1;
}

/* 0: the peer is done, or broke off. */
static int serve_peer(struct peer *peer) {
  static char piece[PIECE];
  if (peer->left > 0) {
    ssize_t got = recv(peer->fd, piece, peer->left < PIECE ? (size_t)peer->left : PIECE, 0);
    if (got <= 0) return 0;
    peer->left -= (uint64_t)got;
    return peer->left > 0 || send_all(peer->fd, peer->message, MESSAGE);
  }
  if (peer->http) {
    ssize_t got = recv(peer->fd, piece, PIECE, 0);
    return got > 0 && serve_http(peer, piece, (size_t)got);
  }
  ssize_t got = recv(peer->fd, peer->message + peer->received, MESSAGE - peer->received, 0);
  if (got <= 0) return 0;
  if (peer->received == 0 && peer->message[0] == 'G') return serve_http(peer, peer->message, (size_t)got);
  peer->received += (size_t)got;
  if (peer->received < MESSAGE) return 1;
  peer->received = 0;
  if (peer->message[0] == SINK) memcpy(&peer->left, peer->message + 8, sizeof peer->left);
  return peer->left > 0 || send_all(peer->fd, peer->message, MESSAGE);
}

int serve(uint16_t port, char **namespaces, int count) {
  epoll = epoll_create1(EPOLL_CLOEXEC);
  must(epoll >= 0, "epoll_create");
  for (int i = 0; i < count; i++) listen_in(namespaces[i], port);
  puts("ready");
  fflush(stdout);
  for (;;) {
    struct epoll_event events[64];
    int ready = epoll_wait(epoll, events, 64, -1);
    for (int i = 0; i < ready; i++) {
      struct peer *peer = events[i].data.ptr;
      if (peer->listens) {
        int fd = accept4(peer->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0) watch(fd, 0);
      } else if (!serve_peer(peer)) {
        close(peer->fd);
        free(peer);
      }
    }
  }
}
