/*
 * The load generator. `load serve PORT NAMESPACE...` serves; without arguments it takes commands on standard input,
 * one per line, and answers each with one line of JSON, times in nanoseconds:
 *
 *     flows  NAMESPACE ADDRESS PORT COUNT START FLOWS           {"failed":0,"first":[...],"second":[...]}
 *     rate   NAMESPACE ADDRESS PORT COUNT START FLOWS CLIENTS   {"failed":0,"elapsed":1,"first":[...]}
 *     trips  NAMESPACE ADDRESS PORT COUNT START ROUNDS          {"failed":0,"trips":[...]}
 *     requests NAMESPACE ADDRESS PORT COUNT START ROUNDS        {"failed":0,"trips":[...]}
 *     upload NAMESPACE ADDRESS PORT COUNT START BYTES           {"failed":0,"elapsed":1}
 *
 * Flow number i from START on goes to one of COUNT addresses that begin with ADDRESS. One process for all namespaces:
 * what differs between two variants is then only the namespace.
 */
#include "net.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void run(const char *kind, const struct target *target, uint64_t start, uint64_t amount, int clients) {
  if (strcmp(kind, "flows") == 0) run_flows(target, start, (int)amount);
  else if (strcmp(kind, "rate") == 0) run_rate(target, start, (int)amount, clients);
  else if (strcmp(kind, "trips") == 0) run_round_trips(target, (int)amount);
  else if (strcmp(kind, "requests") == 0) run_requests(target, (int)amount);
  else if (strcmp(kind, "upload") == 0) run_upload(target, amount);
  else must(0, kind);
}

int main(int argc, char **argv) {
  if (argc > 3 && strcmp(argv[1], "serve") == 0) return serve((uint16_t)atoi(argv[2]), argv + 3, argc - 3);
  char line[4096];
  while (fgets(line, sizeof line, stdin) != NULL) {
    char kind[16], space[2048], address[64];
    unsigned port, count;
    unsigned long long start, amount;
    int clients = 1;
    int found = sscanf(line, "%15s %2047s %63s %u %u %llu %llu %d", kind, space, address, &port, &count, &start, &amount, &clients);
    struct in_addr first;
    must(found >= 7 && count > 0 && inet_pton(AF_INET, address, &first) == 1, line);
    struct target target = {.first = ntohl(first.s_addr), .port = (uint16_t)port, .count = count};
    enter(space);
    run(kind, &target, start, amount, clients);
    fflush(stdout);
  }
  return 0;
}
