/* Sockets, time and namespaces, as the load generator uses them. */
#define _GNU_SOURCE
#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* Coprime to every count in use, so that the walk meets each address once a round. */
#define STRIDE 7919

uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void must(int ok, const char *what) {
  if (ok) return;
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  exit(1);
}

void enter(const char *namespace_file) {
  int fd = open(namespace_file, O_RDONLY | O_CLOEXEC);
  must(fd >= 0, namespace_file);
  must(setns(fd, CLONE_NEWNET) == 0, "setns");
  close(fd);
}

struct sockaddr_in address_of(const struct target *target, uint64_t i) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(target->port)};
  address.sin_addr.s_addr = htonl(target->first + (uint32_t)(i * STRIDE % target->count));
  return address;
}

int tcp_socket(int flags) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
  must(fd >= 0, "socket");
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct timeval limit = {.tv_sec = TIMEOUT_SECONDS};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  return fd;
}

int send_all(int fd, const void *bytes, size_t length) {
  for (size_t done = 0; done < length;) {
    ssize_t sent = send(fd, (const char *)bytes + done, length - done, MSG_NOSIGNAL);
    if (sent <= 0) return 0;
    done += (size_t)sent;
  }
  return 1;
}

int receive_all(int fd, void *bytes, size_t length) {
  for (size_t done = 0; done < length;) {
    ssize_t got = recv(fd, (char *)bytes + done, length - done, 0);
    if (got <= 0) return 0;
    done += (size_t)got;
  }
  return 1;
}

void print_samples(const char *name, const uint64_t *samples, size_t count) {
  printf("\"%s\":[", name);
  for (size_t i = 0; i < count; i++) printf(i == 0 ? "%llu" : ",%llu", (unsigned long long)samples[i]);
  printf("]");
}
