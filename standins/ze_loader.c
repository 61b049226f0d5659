/* A stand-in for Level Zero's libze_loader.so.1: the nine calls of Sysman that xelinkd makes.
 *
 * What it shows is in the file `state` beside it, read at zesInit, a word with its numbers a line:
 *   gpu DOMAIN BUS DEVICE FUNCTION TYPE SUBDEVICES
 *   port FABRIC ATTACH NUMBER ON_SUBDEVICE SUBDEVICE ENABLED STATUS RX_WIDTH TX_WIDTH FABRIC ATTACH NUMBER
 *       of the GPU before; the last three are the remote port's
 *   fault CALL WHAT NUMBER
 *       what becomes of a call: error (with this result), crash, hang, exit (with this status), stop, print,
 *       garbage (a success with nonsense)
 * As the real one does, it goes on showing what was there at zesInit.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SUCCESS = 0, UNINITIALIZED = 0x78000001, UNKNOWN = 0x7ffffffe, MOST_GPUS = 64, MOST_PORTS = 64, MOST_FAULTS = 8 };

typedef struct { uint32_t fabric, attach; uint8_t number; } port_id;
typedef struct { int64_t bit_rate; int32_t width; } speed;
typedef struct { uint32_t stype; void *next; } head;
typedef struct {
    head core;
    uint32_t type, vendor, device, flags, subdevice, clock;
    uint64_t allocation;
    uint32_t contexts, priority, threads, width, eus, subslices, slices;
    uint64_t resolution;
    uint32_t timestamp_bits, kernel_timestamp_bits;
    uint8_t uuid[16];
    char name[256];
} core_properties;
typedef struct { head own; core_properties core; uint32_t subdevices; char texts[6][64]; } device_properties;
typedef struct { uint32_t domain, bus, device, function; } pci_address;
typedef struct {
    head own;
    pci_address address;
    struct { int32_t generation, width; int64_t bandwidth; } speed;
    uint8_t counters[3];
} pci_properties;
typedef struct {
    head own;
    char model[256];
    uint8_t on_subdevice;
    uint32_t subdevice;
    port_id id;
    speed rx, tx;
} port_properties;
typedef struct { head own; uint8_t enabled, beaconing; } port_config;
typedef struct { head own; uint32_t status, quality, failure; port_id remote; speed rx, tx; } port_state;

_Static_assert(sizeof(device_properties) == 776 && sizeof(pci_properties) == 56, "as in zes_api.h");
_Static_assert(sizeof(port_properties) == 328 && sizeof(port_state) == 72 && sizeof(port_config) == 24, "as in zes_api.h");

typedef struct { port_properties properties; port_config config; port_state state; } port;
typedef struct { pci_address address; uint32_t type, subdevices, count; port ports[MOST_PORTS]; } gpu;
static struct { char call[64], what[16]; unsigned number; } faults[MOST_FAULTS];
static gpu gpus[MOST_GPUS];
static uint32_t gpu_count, fault_count;
static bool garbage;

static void read_port(const char *line) {
    gpu *owner = &gpus[gpu_count - 1];
    port *made = &owner->ports[owner->count++];
    unsigned n[6], status, enabled, remote[3];
    int rx, tx;
    sscanf(line, "%u %u %u %u %u %u %u %d %d %u %u %u", n, n + 1, n + 2, n + 3, n + 4, &enabled, &status, &rx, &tx,
           remote, remote + 1, remote + 2);
    made->properties.id = (port_id){n[0], n[1], (uint8_t)n[2]};
    made->properties.on_subdevice = (uint8_t)n[3];
    made->properties.subdevice = n[4];
    made->properties.rx = (speed){1, rx};
    made->properties.tx = (speed){1, tx};
    made->config.enabled = (uint8_t)enabled;
    made->state.status = status;
    made->state.remote = (port_id){remote[0], remote[1], (uint8_t)remote[2]};
    made->state.rx = made->state.tx = (speed){-1, -1};
}

static void read_state(void) {
    Dl_info self;
    char path[4096], line[512];
    dladdr((void *)&read_state, &self);
    snprintf(path, sizeof path, "%s", self.dli_fname);
    strcpy(strrchr(path, '/') + 1, "state");
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        if (!strncmp(line, "gpu ", 4)) {
            gpu *made = &gpus[gpu_count++];
            sscanf(line + 4, "%u %u %u %u %u %u", &made->address.domain, &made->address.bus, &made->address.device,
                   &made->address.function, &made->type, &made->subdevices);
        } else if (!strncmp(line, "port ", 5)) {
            read_port(line + 5);
        } else if (!strncmp(line, "fault ", 6)) {
            sscanf(line + 6, "%63s %15s %i", faults[fault_count].call, faults[fault_count].what,
                   (int *)&faults[fault_count].number);
            fault_count++;
        }
    }
    if (file)
        fclose(file);
}

/* Do what the state says of a call; give its result. */
static uint32_t called(const char *call) {
    garbage = false;
    for (uint32_t i = 0; i < fault_count; i++) {
        const char *what = faults[i].what;
        if (strcmp(faults[i].call, call))
            continue;
        if (!strcmp(what, "error"))
            return faults[i].number;
        if (!strcmp(what, "crash"))
            raise(SIGSEGV);
        if (!strcmp(what, "stop"))
            raise(SIGSTOP);
        if (!strcmp(what, "exit"))
            _exit((int)faults[i].number);
        if (!strcmp(what, "print")) {
            printf("noise on standard output\n");
            fflush(stdout);
            fprintf(stderr, "noise on standard error\n");
        }
        while (!strcmp(what, "hang"))
            pause();
        garbage = !strcmp(what, "garbage");
    }
    return SUCCESS;
}

static uint32_t list(const char *call, uint32_t there, uint32_t *count, void **handles, void *(*handle)(uint32_t, void *),
                     void *parent) {
    uint32_t result = called(call);
    if (result)
        return result;
    if (garbage) {
        *count = handles ? *count : 0xf0000000u;
        return SUCCESS;
    }
    if (handles)
        for (uint32_t i = 0; i < *count && i < there; i++)
            handles[i] = handle(i, parent);
    *count = handles && *count < there ? *count : there;
    return SUCCESS;
}

/* Fill what is behind the head of a structure, which must be of the right kind. */
static uint32_t fill(const char *call, head *given, uint32_t stype, const void *with, size_t size) {
    uint32_t result = called(call);
    if (result)
        return result;
    if (given->stype != stype || given->next)
        return UNKNOWN;
    if (garbage)
        memset(given + 1, 0xff, size - sizeof(head));
    else
        memcpy(given + 1, (const head *)with + 1, size - sizeof(head));
    return SUCCESS;
}

static void *driver_handle(uint32_t i, void *parent) { (void)i, (void)parent; return gpus; }
static void *gpu_handle(uint32_t i, void *parent) { (void)parent; return &gpus[i]; }
static void *port_handle(uint32_t i, void *parent) { return &((gpu *)parent)->ports[i]; }

#ifdef WITHOUT_INIT /* as a loader older than 1.10 */
#define zesInit zes_init_of_later_versions
#endif
uint32_t zesInit(uint32_t flags) {
    (void)flags;
    read_state();
    return called("zesInit");
}

uint32_t zesDriverGet(uint32_t *count, void **drivers) {
    return list("zesDriverGet", 1, count, drivers, driver_handle, NULL);
}

uint32_t zesDeviceGet(void *driver, uint32_t *count, void **devices) {
    return list("zesDeviceGet", gpu_count, count, devices, gpu_handle, driver);
}

uint32_t zesDeviceGetProperties(gpu *device, device_properties *given) {
    device_properties made = {.core.type = device->type, .core.vendor = 0x8086, .subdevices = device->subdevices};
    if (given->core.core.stype != 3)
        return UNKNOWN;
    made.core.core.stype = 3;
    return fill("zesDeviceGetProperties", &given->own, 1, &made, sizeof made);
}

uint32_t zesDevicePciGetProperties(gpu *device, pci_properties *given) {
    pci_properties made = {.address = device->address};
    return fill("zesDevicePciGetProperties", &given->own, 2, &made, sizeof made);
}

uint32_t zesDeviceEnumFabricPorts(gpu *device, uint32_t *count, void **ports) {
    return list("zesDeviceEnumFabricPorts", device->count, count, ports, port_handle, device);
}

uint32_t zesFabricPortGetProperties(port *port, port_properties *given) {
    return fill("zesFabricPortGetProperties", &given->own, 6, &port->properties, sizeof *given);
}

uint32_t zesFabricPortGetConfig(port *port, port_config *given) {
    return fill("zesFabricPortGetConfig", &given->own, 0x18, &port->config, sizeof *given);
}

uint32_t zesFabricPortGetState(port *port, port_state *given) {
    return fill("zesFabricPortGetState", &given->own, 0x19, &port->state, sizeof *given);
}
