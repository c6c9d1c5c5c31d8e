cdef class Alarm:
    cdef public double when
    cdef object _call_later
    cdef object _go_off
    cdef object _handle

    cpdef at(self, double when, double now)
