/* Sends a request to 127.0.0.1:PORT by CALL and looks, when the answer comes, whether the sender has registered that it
 * waits for one.
 *
 *     talk PORT write|writev|send|sendmsg early|late COUNT
 *
 * early registers before it sends: right. late registers when the send has returned: an instant answer is lost.
 * Prints "lost" or "found" as each of COUNT answers comes. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static int peer;
static atomic_bool registered;
static pthread_barrier_t answered;

static void *read_answers(void *count)
{
    char answer;

    for (int i = 0; i < *(int *)count; i++) {
        if (read(peer, &answer, 1) != 1)
            exit(3);
        const char *fate = atomic_load(&registered) ? "found\n" : "lost\n";
        if (write(STDOUT_FILENO, fate, strlen(fate)) < 0)
            exit(6);
        pthread_barrier_wait(&answered);
    }
    return NULL;
}

static void send_request(const char *call)
{
    struct iovec piece = {(void *)"?", 1};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    ssize_t sent;

    if (strcmp(call, "write") == 0)
        sent = write(peer, "?", 1);
    else if (strcmp(call, "writev") == 0)
        sent = writev(peer, &piece, 1);
    else if (strcmp(call, "send") == 0)
        sent = send(peer, "?", 1, MSG_NOSIGNAL);
    else
        sent = sendmsg(peer, &message, 0);
    if (sent != 1)
        exit(4);
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    pthread_t reader;

    if (argc != 5)
        return 2;
    int early = strcmp(argv[3], "early") == 0, count = atoi(argv[4]);
    address.sin_port = htons((unsigned short)atoi(argv[1]));
    peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(peer, (struct sockaddr *)&address, sizeof address) != 0)
        return 5;
    pthread_barrier_init(&answered, NULL, 2);
    pthread_create(&reader, NULL, read_answers, &count);
    for (int i = 0; i < count; i++) {
        atomic_store(&registered, early);
        send_request(argv[2]);
        atomic_store(&registered, 1);
        pthread_barrier_wait(&answered);
    }
    pthread_join(reader, NULL);
    return 0;
}
