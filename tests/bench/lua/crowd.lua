-- Point selects by many clients, each of which tells at its end how often it was served.

sysbench.cmdline.options = {table_size = {"rows of the table", 10000}}

function thread_init()
  connection = sysbench.sql.driver():connect()
  served = 0
end

function event()
  connection:query(string.format("SELECT c FROM sbtest1 WHERE id = %d", sysbench.rand.default(1, sysbench.opt.table_size)))
  served = served + 1
end

function thread_done()
  connection:disconnect()
  io.write("served " .. served .. "\n")
end
