CREATE TABLE `audit` (
	`id` int AUTO_INCREMENT NOT NULL,
	`text` varchar(200) NOT NULL,
	CONSTRAINT `audit_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
INSERT INTO `audit` (`text`) VALUES ('begun'), ('übernommen');--> statement-breakpoint
ALTER TABLE `audit` ADD `level` int DEFAULT 1 NOT NULL;--> statement-breakpoint
CREATE INDEX `audit_level` ON `audit` (`level`);--> statement-breakpoint
ALTER TABLE `audit` RENAME COLUMN `text` TO `entry`;
