/*
 * What the load generator's parts share. A message is 100 bytes: its first byte says what it asks of the server,
 * bytes 8..16 a length in host order (both ends run on one machine).
 */
#ifndef SALLYPORT_PERF_NET_H
#define SALLYPORT_PERF_NET_H

#include <netinet/in.h>
#include <stdint.h>

#define MESSAGE 100
/* Answer with the same message. */
#define ECHO 'E'
/* Take that many bytes more, then answer with the message. */
#define SINK 'S'
/* A flow that makes no progress for so long has failed. */
#define TIMEOUT_SECONDS 5

/* Where flows go: `count` addresses from `first` on, one port. */
struct target {
  uint32_t first; /* host order */
  uint16_t port;
  uint32_t count;
};

/* Nanoseconds of the monotonic clock. */
uint64_t now(void);

/* Ends the program with a message if `ok` is false. */
void must(int ok, const char *what);

/* Makes sockets from now on belong to the network namespace that this file names. */
void enter(const char *namespace_file);

/* The address of flow number `i`: a walk over all of them in which neighbours in time are far apart. */
struct sockaddr_in address_of(const struct target *target, uint64_t i);

/* A TCP socket without Nagle's algorithm. */
int tcp_socket(int flags);

/* Both answer 0 if the peer left, an error came or time ran out. */
int send_all(int fd, const void *bytes, size_t length);
int receive_all(int fd, void *bytes, size_t length);

/* Prints `"name":[...]` of nanoseconds. */
void print_samples(const char *name, const uint64_t *samples, size_t count);

/* Flows one after the other; each is opened, exchanges two messages and is closed. */
void run_flows(const struct target *target, uint64_t start, int flows);

/* The same with `clients` at once, and one message each. */
void run_rate(const struct target *target, uint64_t start, int flows, int clients);

/* One flow, established, then `rounds` messages and their answers. */
void run_round_trips(const struct target *target, int rounds);

/* The same with HTTP requests and their answers of 100 bytes, on one connection that is kept. */
void run_requests(const struct target *target, int rounds);

/* One request and its whole answer; 0 if it isn't 200. */
int request_http(int fd);

/* Answers a request with 100 bytes. */
int answer_http(int fd);

/* How many heads of requests end in these bytes; `matched` keeps what of an end came before, 0 at first. */
int heads_in(const char *bytes, size_t length, int *matched);

/* One flow, established, then `bytes` upwards until the server has them all. */
void run_upload(const struct target *target, uint64_t bytes);

/* Serves the port in every namespace, for ever. */
int serve(uint16_t port, char **namespaces, int count);

#endif
