/* Stands between the daemon and its C library: clocks that are set, clocks that cannot be read, memory that is used up,
   names whose lookup takes long.
   What it does is told by a file that it maps: `struct orders`, as preload.py writes it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct orders {
    int64_t wall_ahead; /* ns, of CLOCK_REALTIME */
    int64_t boot_ahead; /* ns, of CLOCK_BOOTTIME */
    int64_t no_clock;   /* process id: whose clocks cannot be read */
    int64_t no_memory;  /* process id: who gets no more memory */
    int64_t names_take; /* ns, for each lookup of a name */
};

static volatile const struct orders none, *orders = &none;

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("FAULTS_ORDERS");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *mapped = file < 0 ? MAP_FAILED : mmap(NULL, sizeof *orders, PROT_READ, MAP_SHARED, file, 0);
    if (mapped != MAP_FAILED)
        orders = mapped;
    if (file >= 0)
        close(file);
}

static int is_me(int64_t pid)
{
    return pid && pid == getpid();
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int64_t ahead = clock == CLOCK_REALTIME ? orders->wall_ahead : clock == CLOCK_BOOTTIME ? orders->boot_ahead : 0;
    if (is_me(orders->no_clock)) {
        errno = EINVAL;
        return -1;
    }
    int failed = (int)syscall(SYS_clock_gettime, clock, now);
    if (!failed && ahead) {
        int64_t ns = now->tv_nsec + ahead % 1000000000 + 1000000000;
        now->tv_sec += ahead / 1000000000 - 1 + ns / 1000000000;
        now->tv_nsec = ns % 1000000000;
    }
    return failed;
}

static void *refused(void)
{
    errno = ENOMEM;
    return NULL;
}

void *malloc(size_t size)
{
    return is_me(orders->no_memory) ? refused() : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return is_me(orders->no_memory) ? refused() : __libc_calloc(count, size);
}

void *realloc(void *before, size_t size)
{
    return is_me(orders->no_memory) ? refused() : __libc_realloc(before, size);
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    struct timespec left = {orders->names_take / 1000000000, orders->names_take % 1000000000};
    while (nanosleep(&left, &left) && errno == EINTR)
        ;
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    return real(node, service, hints, found);
}
