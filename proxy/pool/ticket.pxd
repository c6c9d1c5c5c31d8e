cdef class Ticket:
    cdef public double deadline
    cdef public int overtaken
    cdef public double since
    cdef public object taker
