// SPDX-License-Identifier: GPL-2.0-only
/*
 * Crashes that lkdtm has no trigger for: echo TYPE > /sys/kernel/debug/crashme. The names are in
 * the table at the end. For throw-away virtual machines only.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>
#include <asm/cacheflush.h>

struct node {
	u64 head[4];
	u64 value; /* at 0x20 */
	u64 far[512];
	u64 last;
};

static DEFINE_MUTEX(lock_a);
static DEFINE_MUTEX(lock_b);
static DEFINE_SPINLOCK(spin_a);
static DEFINE_SPINLOCK(spin_irq);
static DECLARE_RWSEM(sem_a);
static struct node __rcu *shared_node;
static const struct node constant_node = { .value = 7 };
static volatile int sink;
static u64 table_of_four[4] = { 1, 2, 3, 4 };
static volatile unsigned int big_shift = 77, big_index = 9;

static noinline u64 read_node_value(struct node *n)
{
	return READ_ONCE(n->value);
}

static noinline void write_node_value(struct node *n)
{
	WRITE_ONCE(n->value, 1);
}

static noinline u64 read_node_last(struct node *n)
{
	return READ_ONCE(n->last);
}

static void *hidden(unsigned long address)
{
	OPTIMIZER_HIDE_VAR(address);
	return (void *)address;
}

/* Wild addresses */
static void null_read(void)
{
	sink = read_node_value(hidden(0));
}

static void null_write(void)
{
	write_node_value(hidden(0));
}

static void null_far(void)
{
	sink = read_node_last(hidden(0));
}

static void null_call(void)
{
	void (*f)(void) = hidden(0);

	f();
}

static void wild_call(void)
{
	void (*f)(void) = hidden(0xffff800012345678UL);

	f();
}

static void err_ptr(void)
{
	sink = read_node_value(hidden((unsigned long)-ENODEV));
}

static void list_poison(void)
{
	sink = read_node_value(hidden((unsigned long)LIST_POISON1));
}

static void ascii(void)
{
	sink = read_node_value(hidden(0x0061616161616161UL));
}

static void slab_poison(void)
{
	sink = read_node_value(hidden(0x6b6b6b6b6b6b6b6bUL));
}

static void user_read(void)
{
	sink = read_node_value(hidden(0x400000));
}

static void ro_write(void)
{
	write_node_value(hidden((unsigned long)&constant_node));
}

static void unmapped_kernel(void)
{
	sink = read_node_value(hidden(0xffff800087654320UL));
}

/* Two CPUs: each waits in here for the other. */
static atomic_t waiting;

static void meet(void)
{
	unsigned long end = jiffies + 10 * HZ;

	atomic_inc(&waiting);
	while (atomic_read(&waiting) < 2 && time_before(jiffies, end))
		cpu_relax();
}

static void together_null(void)
{
	meet();
	null_read();
}

static void together_write(void)
{
	meet();
	null_write();
}

static void together_bug(void)
{
	meet();
	BUG();
}

static void together_warn(void)
{
	meet();
	WARN(1, "both at once\n");
}

/* Other contexts */
static void timer_fn(struct timer_list *t)
{
	null_read();
}
static DEFINE_TIMER(null_timer, timer_fn);

static void irq_null(void)
{
	mod_timer(&null_timer, jiffies + 1);
	msleep(500);
}

static void work_fn(struct work_struct *w)
{
	null_write();
}
static DECLARE_WORK(null_work, work_fn);

static void work_null(void)
{
	schedule_work(&null_work);
	msleep(500);
}

static int thread_fn(void *data)
{
	null_read();
	return 0;
}

static void kthread_null(void)
{
	kthread_run(thread_fn, NULL, "crash me %d", 1);
	msleep(500);
}

/* Memory */
static void uaf_read(void)
{
	struct node *n = kzalloc(sizeof(*n), GFP_KERNEL);

	kfree(n);
	OPTIMIZER_HIDE_VAR(n);
	sink = read_node_value(n);
}

static void uaf_write(void)
{
	struct node *n = kzalloc(sizeof(*n), GFP_KERNEL);

	kfree(n);
	OPTIMIZER_HIDE_VAR(n);
	write_node_value(n);
}

static void oob_read(void)
{
	u64 *p = kzalloc(0x1c, GFP_KERNEL);
	struct node *n = (struct node *)p;

	OPTIMIZER_HIDE_VAR(n);
	sink = read_node_value(n);
	kfree(p);
}

static void oob_stack(void)
{
	u64 small[2] = { 1, 2 };
	u64 *p = small;

	OPTIMIZER_HIDE_VAR(p);
	sink = READ_ONCE(p[big_index & 3]) + READ_ONCE(p[2]);
}

static void oob_global(void)
{
	u64 *p = table_of_four;

	OPTIMIZER_HIDE_VAR(p);
	sink = READ_ONCE(p[4]);
}

static void double_free(void)
{
	void *p = kzalloc(64, GFP_KERNEL);

	kfree(p);
	OPTIMIZER_HIDE_VAR(p);
	kfree(p);
}

static void invalid_free(void)
{
	char *p = kzalloc(64, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(p);
	kfree(p + 8);
}

static void bad_page(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	__free_page(page);
	__free_page(page);
}

static void leak(void)
{
	void *p = kmalloc(1234, GFP_KERNEL);

	pr_info("leaked %d\n", p != NULL);
}

/* Locks */
static void abba(void)
{
	mutex_lock(&lock_a);
	mutex_lock(&lock_b);
	mutex_unlock(&lock_b);
	mutex_unlock(&lock_a);
	mutex_lock(&lock_b);
	mutex_lock(&lock_a);
	mutex_unlock(&lock_a);
	mutex_unlock(&lock_b);
}

struct many {
	struct mutex lock;
};

static void init_one(struct many *m)
{
	mutex_init(&m->lock);
}

static void recursive(void)
{
	static struct many one, two;

	init_one(&one);
	init_one(&two);
	mutex_lock(&one.lock);
	mutex_lock(&two.lock);
	mutex_unlock(&two.lock);
	mutex_unlock(&one.lock);
}

static void soft_fn(struct timer_list *t)
{
	spin_lock(&spin_irq);
	spin_unlock(&spin_irq);
}
static DEFINE_TIMER(soft_timer, soft_fn);

static void inconsistent(void)
{
	mod_timer(&soft_timer, jiffies + 1);
	msleep(100);
	spin_lock(&spin_irq);
	spin_unlock(&spin_irq);
}

static void bad_unlock(void)
{
	mutex_unlock(&lock_a);
}

static void lock_leak(void)
{
	mutex_lock(&lock_a);
}

static void rcu_usage(void)
{
	sink = rcu_dereference(shared_node) != NULL;
}

static void atomic_sleep(void)
{
	spin_lock(&spin_a);
	might_sleep();
	msleep(20);
	spin_unlock(&spin_a);
}

static void atomic_mutex(void)
{
	local_irq_disable();
	mutex_lock(&lock_a);
	mutex_unlock(&lock_a);
	local_irq_enable();
}

static void atomic_schedule(void)
{
	preempt_disable();
	schedule();
	preempt_enable();
}

/* Stalls */
static int hold_fn(void *data)
{
	mutex_lock(&lock_a);
	down_write(&sem_a);
	msleep(40000);
	up_write(&sem_a);
	mutex_unlock(&lock_a);
	return 0;
}

static void mutex_hold(void)
{
	kthread_run(hold_fn, NULL, "holder");
	msleep(200);
	mutex_lock(&lock_a);
	mutex_unlock(&lock_a);
}

static void rwsem_hold(void)
{
	kthread_run(hold_fn, NULL, "holder");
	msleep(200);
	down_read(&sem_a);
	up_read(&sem_a);
}

static void spin_for(unsigned int seconds)
{
	unsigned int i;

	for (i = 0; i < seconds * 1000; i++)
		udelay(1000);
}

static void rcu_stall(void)
{
	rcu_read_lock();
	spin_for(14);
	rcu_read_unlock();
}

static void preempt_off(void)
{
	preempt_disable();
	spin_for(30);
	preempt_enable();
}

static void irqs_off(void)
{
	local_irq_disable();
	spin_for(40);
	local_irq_enable();
}

static void slow_fn(struct work_struct *w)
{
	unsigned int i;

	for (i = 0; i < 16000; i++) {
		udelay(1000);
		cond_resched();
	}
}
static void idle_fn(struct work_struct *w)
{
}
static DECLARE_WORK(slow_work, slow_fn);
static DECLARE_WORK(idle_work, idle_fn);

static void wq_lockup(void)
{
	schedule_work_on(0, &slow_work);
	schedule_work_on(0, &idle_work);
	msleep(20000);
}

/* Undefined behaviour */
static void ub_shift(void)
{
	sink = 1 << big_shift;
}

static void ub_index(void)
{
	static volatile int four[4];

	sink = four[big_index];
}

static void ub_bool(void)
{
	volatile u8 raw = 0x40;
	bool b;

	b = *(bool *)&raw;
	sink = b;
}

/* Aborts */
static void external_abort(void)
{
	void __iomem *p = ioremap(0x09f00000, 0x1000); /* nothing there on QEMU's virt */

	sink = readl(p + 0x10);
	iounmap(p);
}

/*
 * A virtual SError, on a machine whose kernel was started at EL2 without VHE: the hypervisor stub
 * takes our vectors, and they set HCR_EL2.VSE.
 */
static void serror(void)
{
	u32 code[] = {
		0xd53c1100, /* mrs x0, hcr_el2 */
		0xb27b0000, /* orr x0, x0, #0x20: AMO */
		0xb2780000, /* orr x0, x0, #0x100: VSE */
		0xd51c1100, /* msr hcr_el2, x0 */
		0xd5033fdf, /* isb */
		0xd69f03e0, /* eret */
	};
	u8 *vectors = (u8 *)__get_free_page(GFP_KERNEL);

	if (vectors == NULL)
		return;
	memcpy(vectors + 0x400, code, sizeof(code));
	memcpy(vectors + 0xc00, code, sizeof(code));
	flush_icache_range((unsigned long)vectors, (unsigned long)vectors + PAGE_SIZE);
	preempt_disable();
	asm volatile("mov x0, #0\n\tmov x1, %0\n\thvc #0\n\thvc #0\n\tisb"
		     :
		     : "r"(virt_to_phys(vectors))
		     : "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11",
		       "x12", "x13", "x14", "x15", "x16", "x17", "memory");
	preempt_enable();
	msleep(100);
}

/* Plain ones, for a module's name in the report */
static void plain_bug(void)
{
	BUG();
}

static void plain_warn(void)
{
	WARN_ON(1);
}

static void text_warn(void)
{
	WARN(1, "clock %s: rate %u out of range\n", "aclk_vdec", 1500000000U);
}

static void plain_panic(void)
{
	panic("crashme: as asked");
}

static void scary_words(void)
{
	pr_info("panic timeout, oops handler and watchdog registered\n");
	pr_err("error -110: probe of fdea0000.video failed\n");
	pr_warn("WARNING: this is only a message\n");
	pr_info("bug: 0 errors, call trace buffer allocated at 0x20\n");
	pr_info("Kernel panic on oops is disabled\n");
	dump_stack();
}

static const struct {
	const char *name;
	void (*run)(void);
} crashes[] = {
	{ "null-read", null_read }, { "null-write", null_write }, { "null-far", null_far },
	{ "null-call", null_call }, { "wild-call", wild_call }, { "err-ptr", err_ptr },
	{ "list-poison", list_poison }, { "ascii", ascii }, { "slab-poison", slab_poison },
	{ "user-read", user_read }, { "ro-write", ro_write },
	{ "unmapped-kernel", unmapped_kernel },
	{ "together-null", together_null }, { "together-write", together_write },
	{ "together-bug", together_bug }, { "together-warn", together_warn },
	{ "irq-null", irq_null }, { "work-null", work_null }, { "kthread-null", kthread_null },
	{ "uaf-read", uaf_read }, { "uaf-write", uaf_write }, { "oob-read", oob_read },
	{ "oob-stack", oob_stack }, { "oob-global", oob_global },
	{ "double-free", double_free }, { "invalid-free", invalid_free },
	{ "bad-page", bad_page }, { "leak", leak },
	{ "abba", abba }, { "recursive", recursive }, { "inconsistent", inconsistent },
	{ "bad-unlock", bad_unlock }, { "lock-leak", lock_leak }, { "rcu-usage", rcu_usage },
	{ "atomic-sleep", atomic_sleep }, { "atomic-mutex", atomic_mutex },
	{ "atomic-schedule", atomic_schedule },
	{ "mutex-hold", mutex_hold }, { "rwsem-hold", rwsem_hold }, { "rcu-stall", rcu_stall },
	{ "preempt-off", preempt_off }, { "irqs-off", irqs_off }, { "wq-lockup", wq_lockup },
	{ "ub-shift", ub_shift }, { "ub-index", ub_index }, { "ub-bool", ub_bool },
	{ "external-abort", external_abort }, { "serror", serror },
	{ "bug", plain_bug }, { "warn", plain_warn }, { "warn-text", text_warn },
	{ "panic", plain_panic }, { "scary-words", scary_words },
};

static ssize_t crashme_write(struct file *file, const char __user *user, size_t len, loff_t *pos)
{
	char name[32];
	ssize_t n = simple_write_to_buffer(name, sizeof(name) - 1, pos, user, len);
	size_t i;

	if (n < 0)
		return n;
	name[n] = '\0';
	for (i = 0; i < ARRAY_SIZE(crashes); i++) {
		if (sysfs_streq(name, crashes[i].name)) {
			crashes[i].run();
			return len;
		}
	}
	return -EINVAL;
}

static const struct file_operations crashme_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = crashme_write,
};
static struct dentry *crashme_file;

static int __init crashme_init(void)
{
	crashme_file = debugfs_create_file("crashme", 0200, NULL, NULL, &crashme_fops);
	return PTR_ERR_OR_ZERO(crashme_file);
}

static void __exit crashme_exit(void)
{
	debugfs_remove(crashme_file);
}

module_init(crashme_init);
module_exit(crashme_exit);
MODULE_DESCRIPTION("Crashes on demand");
MODULE_LICENSE("GPL");
