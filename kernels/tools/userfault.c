// SPDX-License-Identifier: GPL-2.0-or-later
/* Faults of a user program, which the kernel reports and survives: userfault
 * segv|ill|abort|bus */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void fault(const char *type)
{
	if (strcmp(type, "segv") == 0)
		*(volatile int *)(uintptr_t)0x20 = 1;
	else if (strcmp(type, "ill") == 0)
		__asm__ volatile(".inst 0x00000000");
	else if (strcmp(type, "abort") == 0)
		abort();
	else if (strcmp(type, "bus") == 0) {
		FILE *f = tmpfile();
		volatile char *p;

		if (f == NULL)
			return;
		p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fileno(f), 0);
		(void)*p;
	}
}

int main(int argc, char **argv)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		fault(argc > 1 ? argv[1] : "segv");
		_exit(0);
	}
	waitpid(pid, &status, 0);
	printf("userfault: child status %#x\n", (unsigned int)status);
	return 0;
}
