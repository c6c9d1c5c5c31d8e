-- A function's whole life as an operation: connect, log in, one query, quit.

sysbench.cmdline.options = {table_size = {"rows of the table", 10000}}

function thread_init()
  driver = sysbench.sql.driver()
end

function event()
  local connection = driver:connect()
  connection:query(string.format("SELECT c FROM sbtest1 WHERE id = %d", sysbench.rand.default(1, sysbench.opt.table_size)))
  connection:disconnect()
end
