from proxy.pool.pool cimport Pool
from proxy.relay.hub cimport Hub

cdef class Route:
    cdef public object connections
    cdef public object context
    cdef public object effects
    cdef public object hidden
    cdef public Hub hub
    cdef public set known_schemas
    cdef public object login
    cdef public str name
    cdef public Pool pool
    cdef public object states
    cdef public dict ways_in

cdef class Routes:
    cdef public object budget
    cdef public dict by_key
    cdef public object context
    cdef public object health
    cdef public Hub hub

    cpdef Route route(self, str user, bint found_rows)
