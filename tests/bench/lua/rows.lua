-- A large result as an operation: `rows` rows of about 190 bytes each.

sysbench.cmdline.options = {rows = {"rows of the result", 10000}}

function thread_init()
  connection = sysbench.sql.driver():connect()
end

function event()
  connection:query("SELECT * FROM sbtest1 LIMIT " .. sysbench.opt.rows)
end

function thread_done()
  connection:disconnect()
end
