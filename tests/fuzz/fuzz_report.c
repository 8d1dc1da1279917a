// SPDX-License-Identifier: GPL-2.0-or-later
/* Faults, checkers' reports and warnings, line by line as the input chooses. */
#include "log_grammar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* clang-format off */
static const char *const lines[] = {
	"Unable to handle kernel NULL pointer dereference at virtual address %x",
	"Unable to handle kernel paging request at virtual address %x",
	"Unable to handle kernel access to user memory outside uaccess routines at virtual address %x",
	"Unable to handle kernel execute from non-executable memory at virtual address %x",
	"Unhandled fault: synchronous external abort (0x%x) at 0x%x",
	"Mem abort info:", "  ESR = 0x%x", "  EC = 0x25: DABT (current EL), IL = 32 bits",
	"  FSC = 0x04: level 0 translation fault", "Data abort info:",
	"  ISV = 0, ISS = 0x%x, ISS2 = 0x00000000", "  CM = 0, WnR = 1, TnD = 0, TagAccess = 0",
	"user pgtable: 4k pages, 48-bit VAs, pgdp=%x", "[%x] pgd=%x, p4d=%x",
	"[%x] address between user and kernel address ranges",
	"Internal error: Oops: %x [#%d] PREEMPT SMP",
	"Internal error: Oops - BUG: %x [#1] SMP", "Internal error: synchronous external abort: %x [#1] SMP",
	"Oops: general protection fault, probably for non-canonical address 0x%x: 0000 [#%d] SMP",
	"general protection fault: 0000 [#1] SMP", "Oops: 0002 [#1] PREEMPT SMP NOPTI",
	"Oops [#1]", "kernel BUG at %s.c:%d!", "BUG: unable to handle page fault for address: %x",
	"BUG: kernel NULL pointer dereference, address: %x", "#PF: supervisor read access in kernel mode",
	"WARNING: CPU: %d PID: %d at %s.c:%d %s+0x%x/0x%x", "WARNING: %s.c:%d at %s+0x%x/0x%x, CPU#%d: %s/%d",
	"BUG: KASAN: slab-use-after-free in %s+0x%x/0x%x", "BUG: KASAN: null-ptr-deref in %s+0x%x/0x%x",
	"BUG: KASAN: slab-out-of-bounds in %s", "Read of size %d at addr %x by task %s/%d",
	"Write of size %d at addr %x by task %s/%d", "Allocated by task %d:", "Freed by task %d:",
	"KASAN: null-ptr-deref in range [0x%x-0x%x]", "KASAN: maybe wild-memory-access in range [0x%x-0x%x]",
	"The buggy address belongs to the object at %x", " which belongs to the cache %s of size %d",
	"The buggy address is located %d bytes to the right of", "The buggy address is located %d bytes inside of",
	" freed %d-byte region [%x, %x)", "The buggy address belongs to the variable:",
	"The buggy address belongs to stack of task %s/%d", " and is located at offset %d in frame:",
	"The buggy address belongs to a %d-page vmalloc region starting at 0x%x allocated at %s+0x%x/0x%x",
	"Pointer tag: [f4], memory tag: [fe]", "Last potentially related work creation:",
	"Allocated by task %d on cpu %d at %d.%ds:", "Object at %x, in cache %s size: %d", "PID = %d",
	"Allocated in %s+0x%x/0x%x age=%d cpu=%d pid=%d", "Out-of-bounds read at 0x%x (%dB right of kfence-#%d):",
	"BUG: KFENCE: use-after-free read in %s+0x%x/0x%x",
	"Use-after-free read at 0x%x (in kfence-#%d):", "kfence-#%d: 0x%x-0x%x, size=%d, cache=%s",
	"allocated by task %d on cpu %d at %ds (%ds ago):", "freed by task %d on cpu %d at %ds (%ds ago):",
	"BUG: KMSAN: uninit-value in %s+0x%x/0x%x", "Uninit was created at:",
	"BUG: KCSAN: data-race in %s / %s", "write to 0x%x of %d bytes by task %d on cpu %d:",
	"UBSAN: array-index-out-of-bounds in %s.c:%d:%d", "index %d is out of range for type '%s [%d]'",
	"WARNING: possible circular locking dependency detected",
	"WARNING: possible recursive locking detected", "======================================================",
	"%s/%d is trying to acquire lock:", "%x (%s){+.+.}-{3:3}, at: %s+0x%x/0x%x",
	"but task is already holding lock:", "which lock already depends on the new lock.",
	"the existing dependency chain (in reverse order) is:", "-> #%d (%s){+.+.}-{3:3}:",
	"other info that might help us debug this:", "stack backtrace:",
	"BUG: sleeping function called from invalid context at %s.c:%d",
	"in_atomic(): 1, irqs_disabled(): 128, non_block: 0, pid: %d, name: %s",
	"Preemption disabled at:", "BUG: scheduling while atomic: %s/%d/0x%x",
	"BUG: spinlock bad magic on CPU#%d, %s/%d", "BUG: Bad page state in process %s  pfn:%x",
	"BUG %s (Not tainted): Object already free", "list_add corruption. next->prev should be prev (%x), but was %x. (next=%x).",
	"refcount_t: underflow; use-after-free.", "SError Interrupt on CPU%d, code 0x%x -- SError",
	"Bad mode in Error handler detected on CPU%d, code 0x%x -- SError",
	"Kernel panic - not syncing: Asynchronous SError Interrupt",
	"Kernel panic - not syncing: Fatal exception", "Kernel panic - not syncing: panic_on_warn set ...",
	"Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: %s+0x%x/0x%x",
	"unreferenced object 0x%x (size %d):", "  comm \"%s\", pid %d, jiffies %d", "  backtrace (crc %x):",
	"kmemleak: %d new suspected memory leaks", "irq %d: nobody cared (try booting with the \"irqpoll\" option)",
	"mce: [Hardware Error]: CPU %d: Machine Check Exception: %d Bank %d: %x",
	"8<--- cut here ---", "PC is at %s+0x%x/0x%x", "LR is at %s+0x%x/0x%x", "r10: %x  r9 : %x  r8 : %x",
	"note: %s[%d] exited with irqs disabled", "Fixing recursive fault but reboot is needed!",
	"Disabling lock debugging due to kernel taint", "FAULT_INJECTION: forcing a failure.",
};
/* clang-format on */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct log_lines own = { lines, ARRAY_SIZE(lines) };

	log_grammar_check(own, data, size);
	return 0;
}
