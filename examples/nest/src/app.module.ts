import { Body, Controller, Get, Injectable, Module, Post } from "@nestjs/common";
import { GatewayShutdown } from "./gateway.js";

@Injectable()
class Greeter {
  greet(name: string): string {
    return `hello ${name}`;
  }
}

@Controller("greetings")
class GreetingsController {
  readonly #greeter: Greeter;

  constructor(greeter: Greeter) {
    this.#greeter = greeter;
  }

  @Get()
  all(): readonly string[] {
    return [this.#greeter.greet("nest")];
  }

  @Post()
  one(@Body() { name }: { readonly name: string }): { readonly greeting: string } {
    return { greeting: this.#greeter.greet(name) };
  }
}

@Module({ controllers: [GreetingsController], providers: [Greeter, GatewayShutdown] })
export class AppModule {}
