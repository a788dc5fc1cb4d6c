/* How both files measure themselves. The sum keeps the calls from being optimised away, and must be the same in both. */
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TIME_CALLS(call)                                                                                  \
	unsigned long calls = argc > 1 ? strtoul(argv[1], NULL, 10) : 1, sum = 0, n;                      \
	struct timespec from, to;                                                                         \
	clock_gettime(CLOCK_MONOTONIC, &from);                                                            \
	for (n = 1; n <= calls; n++)                                                                      \
		sum += (call);                                                                            \
	clock_gettime(CLOCK_MONOTONIC, &to);                                                              \
	printf("%.4f %lu\n", ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) / \
				     (double)calls, sum);                                                  \
	return 0
