# Commands of gdb: "here" tells where the program has stopped, registers and frames.
import gdb

REGS = "rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip fs_base".split()


class Here(gdb.Command):
    def __init__(self):
        super().__init__("here", gdb.COMMAND_USER)

    def invoke(self, arg, from_tty):
        try:
            f = gdb.newest_frame()
        except gdb.error:
            print("END", flush=True)
            return
        print("PID", gdb.selected_inferior().pid, gdb.selected_thread().ptid[1])
        for r in REGS:
            print("REG", r, int(f.read_register(r)) & (1 << 64) - 1)
        while f is not None:
            if f.type() == gdb.TAILCALL_FRAME:  # made up: it is not on the stack any more
                f = f.older()
                continue
            sal = f.find_sal()
            kind = {gdb.INLINE_FRAME: "inline", gdb.SIGTRAMP_FRAME: "signal"}.get(f.type(), "normal")
            name = f.function().name if f.function() else f.name()
            print("FRAME", f.pc(), kind, sal.line, sal.symtab.filename if sal.symtab else "-", name or "-")
            f = f.older()
        print("STOP", flush=True)


Here()
