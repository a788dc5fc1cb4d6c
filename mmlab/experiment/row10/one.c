/*
 * A call chain as deep as that of a page fault, which hands one struct down.
 * Original code; many.c does the same work with an argument for every value. Only the shape is a kernel's.
 *
 *   one CALLS    prints the ns of one call of the whole chain
 */
#include "clock.h"

#define ALONE __attribute__((noipa))

struct mm { unsigned long users; };
struct vma { unsigned long start, file; };
struct table { unsigned long entries[64]; };
struct pagefault_args {
	struct mm *mm;
	struct vma *vma;
	unsigned long address;
	struct table *table;
	int write, type;
};

static ALONE unsigned long filemap_nopage(struct pagefault_args *args)
{
	args->type = (int)(args->address & 1);
	return args->vma->file + ((args->address - args->vma->start) >> 12);
}

static ALONE unsigned long do_no_page(struct pagefault_args *args)
{
	unsigned long page = filemap_nopage(args);

	if (!page)
		return 1;
	args->table->entries[(args->address >> 12) & 63] = page | (unsigned long)args->write;
	args->mm->users += (unsigned long)args->type;
	return 2 + (unsigned long)args->type;
}

static ALONE unsigned long handle_pte_fault(struct pagefault_args *args)
{
	unsigned long fault;

	if (args->table->entries[(args->address >> 12) & 63] == args->address)
		return 0;
	fault = do_no_page(args);
	args->mm->users -= fault & 1;
	return fault;
}

static ALONE unsigned long handle_mm_fault(struct pagefault_args *args)
{
	static struct table tables[4];
	unsigned long fault;

	args->table = &tables[(args->address >> 18) & 3];
	fault = handle_pte_fault(args);
	args->mm->users ^= fault;
	return fault;
}

static ALONE unsigned long do_page_fault(struct mm *mm, struct vma *vma, unsigned long address, int write)
{
	struct pagefault_args args = { .mm = mm, .vma = vma, .address = address, .write = write };
	unsigned long fault = handle_mm_fault(&args);

	return fault + mm->users;
}

int main(int argc, char **argv)
{
	struct mm mm = { 1 };
	struct vma vma = { 4096, 7 };

	TIME_CALLS(do_page_fault(&mm, &vma, n << 12, (int)(n & 1)));
}
