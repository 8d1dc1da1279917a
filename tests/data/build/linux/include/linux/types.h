/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

typedef unsigned int u32;
typedef unsigned long u64;
typedef _Bool bool;
#define NULL ((void *)0)

typedef struct {
	int counter;
} atomic_t;

typedef struct refcount_struct {
	atomic_t refs;
} refcount_t;

struct kref {
	refcount_t refcount;
};

struct list_head {
	struct list_head *next, *prev;
};

struct rcu_head {
	struct rcu_head *next;
	void (*func)(struct rcu_head *head);
};

typedef struct spinlock {
	union {
		u32 rlock;
		struct {
			unsigned short owner, next;
		};
	};
} spinlock_t;
