/* Flows one at a time: what one user sees. Each function prints one line of JSON. */
#define _GNU_SOURCE
#include "net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIECE (1 << 18)

static int connected(const struct target *target, uint64_t i) {
  struct sockaddr_in address = address_of(target, i);
  int fd = tcp_socket(0);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

static int exchange(int fd) {
  char message[MESSAGE] = {ECHO};
  return send_all(fd, message, MESSAGE) && receive_all(fd, message, MESSAGE);
}

void run_flows(const struct target *target, uint64_t start, int flows) {
  uint64_t *first = calloc((size_t)flows, sizeof *first), *second = calloc((size_t)flows, sizeof *second);
  must(first != NULL && second != NULL, "memory");
  size_t good = 0;
  for (int i = 0; i < flows; i++) {
    uint64_t begin = now();
    int fd = connected(target, start + (uint64_t)i);
    if (fd < 0) continue;
    int answered = exchange(fd);
    uint64_t middle = now();
    if (answered && exchange(fd)) {
      first[good] = middle - begin;
      second[good++] = now() - middle;
    }
    close(fd);
  }
  printf("{\"failed\":%zu,", (size_t)flows - good);
  print_samples("first", first, good);
  printf(",");
  print_samples("second", second, good);
  printf("}\n");
  free(first);
  free(second);
}

static void run_exchanges(const struct target *target, int rounds, int (*once)(int)) {
  uint64_t *samples = calloc((size_t)rounds, sizeof *samples);
  must(samples != NULL, "memory");
  size_t good = 0;
  int fd = connected(target, 0);
  /* The first exchange still waits for the flow to be established. */
  if (fd >= 0 && once(fd)) {
    for (int i = 0; i < rounds; i++) {
      uint64_t begin = now();
      if (!once(fd)) break;
      samples[good++] = now() - begin;
    }
  }
  if (fd >= 0) close(fd);
  printf("{\"failed\":%zu,", (size_t)rounds - good);
  print_samples("trips", samples, good);
  printf("}\n");
  free(samples);
}

void run_round_trips(const struct target *target, int rounds) { run_exchanges(target, rounds, exchange); }

void run_requests(const struct target *target, int rounds) { run_exchanges(target, rounds, request_http); }

void run_upload(const struct target *target, uint64_t bytes) {
  static char piece[PIECE];
  char message[MESSAGE] = {SINK};
  memcpy(message + 8, &bytes, sizeof bytes);
  int fd = connected(target, 0);
  int good = fd >= 0 && exchange(fd);
  uint64_t begin = now();
  good = good && send_all(fd, message, MESSAGE);
  for (uint64_t left = bytes; good && left > 0;) {
    size_t length = left < PIECE ? (size_t)left : PIECE;
    good = send_all(fd, piece, length);
    left -= length;
  }
  good = good && receive_all(fd, message, MESSAGE);
  printf("{\"failed\":%d,\"elapsed\":%llu}\n", !good, (unsigned long long)(now() - begin));
  if (fd >= 0) close(fd);
}
