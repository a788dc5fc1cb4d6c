/*
 * A call chain as deep as that of a page fault, which hands every value down as an argument of its own.
 * Original code; one.c does the same work with one struct. Only the shape is a kernel's: no value means anything.
 *
 *   many CALLS    prints the ns of one call of the whole chain
 */
#include "clock.h"

#define ALONE __attribute__((noipa))

struct mm { unsigned long users; };
struct vma { unsigned long start, file; };
struct table { unsigned long entries[64]; };

static ALONE unsigned long filemap_nopage(struct vma *vma, unsigned long address, int *type)
{
	*type = (int)(address & 1);
	return vma->file + ((address - vma->start) >> 12);
}

static ALONE unsigned long do_no_page(struct mm *mm, struct vma *vma, unsigned long address, struct table *table,
				      int write)
{
	int type;
	unsigned long page = filemap_nopage(vma, address, &type);

	if (!page)
		return 1;
	table->entries[(address >> 12) & 63] = page | (unsigned long)write;
	mm->users += (unsigned long)type;
	return 2 + (unsigned long)type;
}

static ALONE unsigned long handle_pte_fault(struct mm *mm, struct vma *vma, unsigned long address,
					    struct table *table, int write)
{
	unsigned long fault;

	if (table->entries[(address >> 12) & 63] == address)
		return 0;
	fault = do_no_page(mm, vma, address, table, write);
	mm->users -= fault & 1;
	return fault;
}

static ALONE unsigned long handle_mm_fault(struct mm *mm, struct vma *vma, unsigned long address, int write)
{
	static struct table tables[4];
	unsigned long fault = handle_pte_fault(mm, vma, address, &tables[(address >> 18) & 3], write);

	mm->users ^= fault;
	return fault;
}

static ALONE unsigned long do_page_fault(struct mm *mm, struct vma *vma, unsigned long address, int write)
{
	unsigned long fault = handle_mm_fault(mm, vma, address, write);

	return fault + mm->users;
}

int main(int argc, char **argv)
{
	struct mm mm = { 1 };
	struct vma vma = { 4096, 7 };

	TIME_CALLS(do_page_fault(&mm, &vma, n << 12, (int)(n & 1)));
}
