CREATE TABLE `customer` (
	`id` int AUTO_INCREMENT NOT NULL,
	`process` int NOT NULL,
	`name` varchar(80) NOT NULL,
	`email` varchar(120) NOT NULL,
	`note` text,
	`born` date,
	`created` datetime(3) NOT NULL,
	`balance` decimal(12,2) NOT NULL DEFAULT '0.00',
	`active` boolean NOT NULL DEFAULT true,
	`token` binary(8),
	CONSTRAINT `customer_id` PRIMARY KEY(`id`),
	CONSTRAINT `customer_email_unique` UNIQUE(`email`)
);
--> statement-breakpoint
CREATE TABLE `label` (
	`id` int AUTO_INCREMENT NOT NULL,
	`name` varchar(40) NOT NULL,
	CONSTRAINT `label_id` PRIMARY KEY(`id`),
	CONSTRAINT `label_name_unique` UNIQUE(`name`)
);
--> statement-breakpoint
CREATE TABLE `line` (
	`id` int AUTO_INCREMENT NOT NULL,
	`order_id` int NOT NULL,
	`product_id` int NOT NULL,
	`quantity` int NOT NULL,
	`price` decimal(10,2) NOT NULL,
	CONSTRAINT `line_id` PRIMARY KEY(`id`),
	CONSTRAINT `line_once` UNIQUE(`order_id`,`product_id`)
);
--> statement-breakpoint
CREATE TABLE `orders` (
	`id` int AUTO_INCREMENT NOT NULL,
	`customer_id` int NOT NULL,
	`placed` datetime NOT NULL,
	`status` varchar(10) NOT NULL DEFAULT 'new',
	CONSTRAINT `orders_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
CREATE TABLE `product` (
	`id` int AUTO_INCREMENT NOT NULL,
	`process` int NOT NULL,
	`sku` varchar(20) NOT NULL,
	`name` varchar(80) NOT NULL,
	`price` decimal(10,2) NOT NULL,
	`weight` double,
	`details` json,
	CONSTRAINT `product_id` PRIMARY KEY(`id`),
	CONSTRAINT `product_sku_unique` UNIQUE(`sku`)
);
--> statement-breakpoint
CREATE TABLE `product_label` (
	`product_id` int NOT NULL,
	`label_id` int NOT NULL,
	CONSTRAINT `product_label_product_id_label_id_pk` PRIMARY KEY(`product_id`,`label_id`)
);
--> statement-breakpoint
ALTER TABLE `line` ADD CONSTRAINT `line_order_id_orders_id_fk` FOREIGN KEY (`order_id`) REFERENCES `orders`(`id`) ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE `line` ADD CONSTRAINT `line_product_id_product_id_fk` FOREIGN KEY (`product_id`) REFERENCES `product`(`id`) ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE `orders` ADD CONSTRAINT `orders_customer_id_customer_id_fk` FOREIGN KEY (`customer_id`) REFERENCES `customer`(`id`) ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE `product_label` ADD CONSTRAINT `product_label_product_id_product_id_fk` FOREIGN KEY (`product_id`) REFERENCES `product`(`id`) ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE `product_label` ADD CONSTRAINT `product_label_label_id_label_id_fk` FOREIGN KEY (`label_id`) REFERENCES `label`(`id`) ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX `customer_process` ON `customer` (`process`);--> statement-breakpoint
CREATE INDEX `product_process` ON `product` (`process`);
