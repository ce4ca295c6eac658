/* Many flows at once: what a busy node sees. */
#define _GNU_SOURCE
#include "net.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct client {
  int fd;
  int sent;
  size_t received;
  uint64_t begin;
};

struct crowd {
  const struct target *target;
  int epoll;
  uint64_t next, end;
  int open, failed;
  uint64_t *samples;
  size_t good;
};

/* Opens the client's next flow; leaves it without one when all have been begun. */
static void start(struct crowd *crowd, struct client *client) {
  while (crowd->next < crowd->end) {
    struct sockaddr_in address = address_of(crowd->target, crowd->next++);
    int fd = tcp_socket(SOCK_NONBLOCK);
    *client = (struct client){.fd = fd, .begin = now()};
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 || errno == EINPROGRESS) {
      struct epoll_event event = {.events = EPOLLOUT, .data.ptr = client};
      must(epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
      crowd->open++;
      return;
    }
    crowd->failed++;
    close(fd);
  }
}

static void finish(struct crowd *crowd, struct client *client, int good) {
  if (good) crowd->samples[crowd->good++] = now() - client->begin;
  else crowd->failed++;
  close(client->fd);
  crowd->open--;
  start(crowd, client);
}

static void advance(struct crowd *crowd, struct client *client) {
  char message[MESSAGE] = {ECHO};
  if (!client->sent) {
    /* A fresh socket takes 100 bytes whole, or its connection failed. */
    if (send(client->fd, message, MESSAGE, MSG_NOSIGNAL) != MESSAGE) return finish(crowd, client, 0);
    client->sent = 1;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    must(epoll_ctl(crowd->epoll, EPOLL_CTL_MOD, client->fd, &event) == 0, "epoll_ctl");
    return;
  }
  ssize_t got = recv(client->fd, message, MESSAGE - client->received, 0);
  if (got <= 0) return finish(crowd, client, 0);
  client->received += (size_t)got;
  if (client->received == MESSAGE) finish(crowd, client, 1);
}

void run_rate(const struct target *target, uint64_t start_at, int flows, int clients) {
  struct client *all = calloc((size_t)clients, sizeof *all);
  struct crowd crowd = {.target = target, .epoll = epoll_create1(EPOLL_CLOEXEC), .next = start_at, .end = start_at + (uint64_t)flows};
  crowd.samples = calloc((size_t)flows, sizeof *crowd.samples);
  must(all != NULL && crowd.samples != NULL && crowd.epoll >= 0, "memory");
  uint64_t begin = now();
  for (int i = 0; i < clients; i++) start(&crowd, &all[i]);
  while (crowd.open > 0) {
    struct epoll_event events[64];
    int ready = epoll_wait(crowd.epoll, events, 64, TIMEOUT_SECONDS * 1000);
    if (ready <= 0) break;
    for (int i = 0; i < ready; i++) advance(&crowd, events[i].data.ptr);
  }
  printf("{\"failed\":%d,\"elapsed\":%llu,", flows - (int)crowd.good, (unsigned long long)(now() - begin));
  print_samples("first", crowd.samples, crowd.good);
  printf("}\n");
  close(crowd.epoll);
  free(crowd.samples);
  free(all);
}
