/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What this machine can do at most, to hold networks against: fused multiply-adds on registers
 * only, and reading memory. One line of JSON on stdout. Usage: vedette-peak [THREADS]
 *
 * The instruction set is the one that kernels would use, so VEDETTE_ISA lowers it.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <vedette/runtime.h>

#include "multiply-adds.h"

#define MOST_THREADS 256
#define REPEATS      60
/* Well past any cache, for each thread. */
#define READ_BYTES   ((size_t)192 << 20)

typedef MultiplyAdds Work;

static volatile float sink;

static double read_memory(void *memory)
{
    const uint64_t *words = memory;
    uint64_t sum[8] = {0};
    for (size_t i = 0; i < READ_BYTES / sizeof *words; i += 8)
        for (int j = 0; j < 8; j++)
            sum[j] += words[i + j];
    for (int j = 0; j < 8; j++)
        sink = sum[j];
    return READ_BYTES;
}

typedef struct {
    Work work;
    void *memory;
    pthread_barrier_t *start;
    double done;
    int64_t begin_ns, end_ns;
} Worker;

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void *run_worker(void *data)
{
    Worker *worker = data;
    pthread_barrier_wait(worker->start);
    worker->begin_ns = now_ns();
    worker->done = worker->work(worker->memory);
    worker->end_ns = now_ns();
    return NULL;
}

/* The best rate in 1e9 a second that all threads reach together. */
static double best_rate(Work work, void **memory, int n_threads)
{
    double best = 0;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        pthread_t threads[MOST_THREADS];
        Worker workers[MOST_THREADS];
        pthread_barrier_t start;
        pthread_barrier_init(&start, NULL, n_threads);
        for (int i = 0; i < n_threads; i++) {
            workers[i] = (Worker){work, memory[i], &start, 0, 0, 0};
            if (pthread_create(&threads[i], NULL, run_worker, &workers[i]) != 0) {
                fprintf(stderr, "vedette-peak: cannot start %d threads\n", n_threads);
                exit(1);
            }
        }
        double done = 0;
        int64_t begin = INT64_MAX, end = 0;
        for (int i = 0; i < n_threads; i++) {
            pthread_join(threads[i], NULL);
            done += workers[i].done;
            begin = workers[i].begin_ns < begin ? workers[i].begin_ns : begin;
            end = workers[i].end_ns > end ? workers[i].end_ns : end;
        }
        pthread_barrier_destroy(&start);
        best = done / (end - begin) > best ? done / (end - begin) : best;
    }
    return best;
}

int main(int argc, char **argv)
{
    int n_threads = argc > 1 ? atoi(argv[1]) : (int)vdt_threads_get();
    if (argc > 2 || n_threads < 1 || n_threads > MOST_THREADS) {
        fprintf(stderr, "Usage: vedette-peak [THREADS], from 1 to %d\n", MOST_THREADS);
        return 2;
    }
    void *memory[MOST_THREADS];
    for (int i = 0; i < n_threads; i++) {
        memory[i] = aligned_alloc(64, READ_BYTES);
        if (memory[i] == NULL) {
            fprintf(stderr, "vedette-peak: no memory\n");
            return 1;
        }
        memset(memory[i], 1, READ_BYTES);
    }
    VdtIsa isa = vdt_isa_get();
    Work f32 = multiply_adds_f32(isa), bf16 = multiply_adds_bf16(isa);
    printf("{\"bench\":\"peak\",\"threads\":%d,\"isa\":\"%s\",\"f32_gflops\":%.1f", n_threads,
           vdt_isa_name(isa), best_rate(f32, memory, n_threads));
    if (bf16 != NULL)
        printf(",\"bf16_gflops\":%.1f", best_rate(bf16, memory, n_threads));
    printf(",\"read_gb_s\":%.1f}\n", best_rate(read_memory, memory, n_threads));
    for (int i = 0; i < n_threads; i++)
        free(memory[i]);
    return 0;
}
