// SPDX-License-Identifier: GPL-2.0-or-later
/* As much of a kernel module as says which build it is of. */
#pragma once

#include <elf.h>
#include <string.h>

#define MODULE_ID(byte) byte byte byte byte byte byte byte byte
enum { MODULE_ID_BYTES = 8 };

struct made_module {
	Elf64_Ehdr head;
	Elf64_Phdr notes;
	struct {
		Elf64_Nhdr head;
		char name[4];
		unsigned char id[MODULE_ID_BYTES];
	} note;
};

/* Its build id is MODULE_ID() of the byte in hex. */
static inline struct made_module make_module(unsigned char byte)
{
	struct made_module m = {
		.head = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
				       ELFDATA2LSB, EV_CURRENT },
			  .e_type = ET_DYN,
			  .e_machine = EM_AARCH64,
			  .e_version = EV_CURRENT,
			  .e_phoff = offsetof(struct made_module, notes),
			  .e_ehsize = sizeof(Elf64_Ehdr),
			  .e_phentsize = sizeof(Elf64_Phdr),
			  .e_phnum = 1 },
		.notes = { .p_type = PT_NOTE,
			   .p_offset = offsetof(struct made_module, note),
			   .p_filesz = sizeof(m.note),
			   .p_memsz = sizeof(m.note),
			   .p_align = 4 },
		.note = { .head = { 4, MODULE_ID_BYTES, NT_GNU_BUILD_ID },
			  .name = "GNU" },
	};

	memset(m.note.id, byte, sizeof(m.note.id));
	return m;
}
