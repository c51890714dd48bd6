"""How the web role is served: one loop reads and writes, threads answer whole requests.

A thread is taken only once a request is there to its last byte, and given back before a byte of the
answer is sent: whoever sends or reads slowly keeps a socket and some memory, never a thread.
What each may take of time and memory is in :mod:`.limits`.
"""
