from proxy.relay.stats cimport RelayStats
from proxy.session.prepared cimport Cache
from proxy.session.statements cimport TraitsCache

cdef class Hub:
    cdef long long _last_id
    cdef public set advised
    cdef public object all_gone
    cdef public object client_tls
    cdef public dict clients
    cdef public dict configured
    cdef public object door
    cdef public bint draining
    cdef public bint extended_metadata
    cdef public bint learns
    cdef public Cache prepared
    cdef public bint query_attributes
    cdef public object routes
    cdef public object rsa
    cdef public object settings
    cdef public RelayStats stats
    cdef public TraitsCache traits
    cdef public dict users
    cdef public str version

    cpdef long long new_id(self) except -1
