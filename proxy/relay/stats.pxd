from proxy.pool.stats cimport Histogram

cdef class RelayStats:
    cdef public long long bytes_from_clients
    cdef public long long bytes_to_clients
    cdef public dict carried
    cdef public long long clients_closed
    cdef public long long clients_plain
    cdef public long long clients_received
    cdef public long long clients_tls
    cdef public long long elided_sets
    cdef public dict errors
    cdef public long long in_transaction
    cdef public dict logins_failed
    cdef public long long logins_ok
    cdef public long long logins_plain
    cdef public long long logins_tls
    cdef public Histogram pin_seconds
    cdef public dict pinned
    cdef public dict pins_total
    cdef public long long prepared_again
    cdef public long long prepared_cached
    cdef public long long prepared_evicted
    cdef public long long prepares
    cdef public long long queries_plain
    cdef public long long queries_tls
    cdef public Histogram query_latency
    cdef public long long rollbacks
    cdef public Histogram server_latency
    cdef public long long server_logins_plain
    cdef public long long server_logins_tls
    cdef public long long servers_tls
    cdef public long long settles
    cdef public long long syncs
