"""append.py DIRECTORY MODE WORKERS EACH: as append.c, in Python. MODE: tail, tail-text (buffered file object), lock."""
import os
import sys
import threading

directory, mode, workers, each = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
path = os.path.join(directory, "events.jsonl")
lock = threading.Lock()
start = threading.Barrier(workers)


def next_number():
    try:
        with open(path, "rb") as file:
            return file.read().count(b"\n") + 1
    except FileNotFoundError:
        return 1


def append_one():
    line = '{"seq":%d}\n' % next_number()
    if mode == "tail-text":
        with open(path, "a", encoding="utf-8") as file:
            file.write(line)
            file.flush()
        return
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(fd, line.encode())
    os.close(fd)


def work():
    start.wait()
    for _ in range(each):
        if mode == "lock":
            with lock:
                append_one()
        else:
            append_one()


threads = [threading.Thread(target=work) for _ in range(workers)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
