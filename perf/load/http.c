/* HTTP/1.1, as much of it as a keep-alive connection through proxies needs: requests and answers without surprises. */
#define _GNU_SOURCE
#include "net.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* What proxies make of an answer's head is shorter than this. */
#define HEAD_MAX 8192

static const char REQUEST[] = "GET / HTTP/1.1\r\nHost: server\r\n\r\n";
static const char ANSWER[] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";
static const char END[] = "\r\n\r\n";

int answer_http(int fd) {
  char body[MESSAGE] = {ECHO};
  return send_all(fd, ANSWER, sizeof ANSWER - 1) && send_all(fd, body, MESSAGE);
}

int heads_in(const char *bytes, size_t length, int *matched) {
  int heads = 0;
  for (size_t i = 0; i < length; i++) {
    *matched = bytes[i] == END[*matched] ? *matched + 1 : bytes[i] == END[0];
    if (*matched < 4) continue;
    *matched = 0;
    heads++;
  }
  return heads;
}

int request_http(int fd) {
  if (!send_all(fd, REQUEST, sizeof REQUEST - 1)) return 0;
  char head[HEAD_MAX];
  for (size_t have = 0; have < sizeof head - 1;) {
    ssize_t got = recv(fd, head + have, sizeof head - 1 - have, 0);
    if (got <= 0) return 0;
    have += (size_t)got;
    head[have] = 0;
    char *end = strstr(head, END);
    if (end == NULL) continue;
    size_t body = have - (size_t)(end + 4 - head);
    char rest[MESSAGE];
    if (body > MESSAGE || strncmp(head, "HTTP/1.1 200", 12) != 0) return 0;
    return receive_all(fd, rest, MESSAGE - body);
  }
  return 0;
}
