-- A large result as an operation: `rows` rows of about 190 bytes each, `times` over.

sysbench.cmdline.options = {
  rows = {"rows of the table", 10000},
  times = {"how often each is in the result", 1}
}

function thread_init()
  connection = sysbench.sql.driver():connect()
end

function event()
  local again = ""
  if sysbench.opt.times > 1 then
    again = " JOIN (SELECT 1 FROM sbtest1 LIMIT " .. sysbench.opt.times .. ") again"
  end
  connection:query("SELECT sbtest1.* FROM sbtest1" .. again .. " LIMIT " .. sysbench.opt.rows * sysbench.opt.times)
end

function thread_done()
  connection:disconnect()
end
